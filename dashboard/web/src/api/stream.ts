// The live events. EventSource resumes by itself with Last-Event-ID; what it does not do is come back after a refusal (it
// closes for good), and tell a lost session from a lost network. Both end in `onLost`, where the owner reloads what it shows.
import type { Change } from "./types";

const KINDS: readonly Change["kind"][] = ["position", "movement", "alert", "device", "record"];

export interface StreamListener {
  /** The line stands. `resumed`: what was missed follows; otherwise the lists have to be loaded. */
  onOpen(resumed: boolean): void;
  onChange(change: Change): void;
  /** The server no longer has what was missed. */
  onReset(): void;
  /** The line broke; the browser tries again by itself. */
  onBroken(): void;
  /** The server refused the stream; it will not come back by itself. */
  onLost(): void;
}

/** Opens the stream; call what it returns to close it. */
export function openStream(listener: StreamListener): () => void {
  const source = new EventSource("/api/v1/events");
  // Without an event there is no number to resume from.
  let numbered = false;
  source.onopen = () => listener.onOpen(numbered);
  source.onerror = () => (source.readyState === EventSource.CLOSED ? listener.onLost() : listener.onBroken());
  for (const kind of KINDS) {
    source.addEventListener(kind, (message: MessageEvent<string>) => {
      numbered = true;
      listener.onChange({ kind, body: JSON.parse(message.data) } as Change);
    });
  }
  source.addEventListener("reset", () => {
    numbered = true;
    listener.onReset();
  });
  return () => source.close();
}
