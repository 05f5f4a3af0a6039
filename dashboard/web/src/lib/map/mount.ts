// Brings the map engine into an element, and takes it away again. The engine is a file of its own that comes when it is needed.
import type { Language } from "../i18n/fill";
import type { Engine } from "./engine";
import type { Palette } from "./palette";

export interface Mounting {
  onSeal?(seal: string): void;
  onReady(engine: Engine): void;
  onFailed(): void;
}

/** Call what it returns when the element goes. */
export function mountEngine(host: HTMLElement, palette: Palette, language: Language, mounting: Mounting): () => void {
  let made: Engine | undefined;
  let gone = false;
  import("./engine")
    .then(({ Engine }) => {
      if (gone) return;
      const engine: Engine = new Engine(host, palette, language, { onSeal: (seal) => mounting.onSeal?.(seal), onReady: () => mounting.onReady(engine) });
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
