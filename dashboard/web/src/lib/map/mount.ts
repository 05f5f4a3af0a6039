// Brings a map engine into an element, and takes it away again. Each engine is a file of its own that comes when it is needed.
import { basemap } from "./basemap";
import type { Dress, Engine } from "./engine";
import { drawing } from "./support";

export interface Mounting {
  onSeal?(seal: string): void;
  onReady(engine: Engine): void;
  onFailed(): void;
}

/** Call what it returns when the element goes. */
export function mountEngine(host: HTMLElement, dress: Dress, mounting: Mounting): () => void {
  let made: Engine | undefined;
  let gone = false;
  const kind = drawing() !== "none" ? import("./webgl").then((file) => file.WebglEngine) : import("./still.svelte").then((file) => file.StillEngine);
  Promise.all([kind, basemap()])
    .then(([Kind, below]) => {
      if (gone) return;
      const engine: Engine = new Kind(host, below, dress, {
        onSeal: (seal) => mounting.onSeal?.(seal),
        onReady: () => mounting.onReady(engine),
        onFailed: () => mounting.onFailed(),
      });
      made = engine;
    })
    .catch((cause: unknown) => {
      console.error("map:", cause);
      mounting.onFailed();
    });
  const observer = new ResizeObserver(() => made?.resize());
  observer.observe(host);
  return () => {
    gone = true;
    observer.disconnect();
    made?.remove();
  };
}
