// The live events. EventSource resumes by itself with Last-Event-ID; what it does not do is come back after a refusal (it
// closes for good), and tell a lost session from a lost network. Both end in `onLost`, where the owner reloads what it shows.
import type { Change } from "./types";

const KINDS: readonly Change["kind"][] = ["position", "movement", "alert", "device"];

export interface StreamListener {
  onOpen(): void;
  onChange(change: Change): void;
  /** The line broke; the browser tries again by itself. */
  onBroken(): void;
  /** The server refused the stream; it will not come back by itself. */
  onLost(): void;
}

/** Opens the stream; call what it returns to close it. */
export function openStream(listener: StreamListener): () => void {
  const source = new EventSource("/api/v1/events");
  source.onopen = () => listener.onOpen();
  source.onerror = () => (source.readyState === EventSource.CLOSED ? listener.onLost() : listener.onBroken());
  for (const kind of KINDS) {
    source.addEventListener(kind, (message: MessageEvent<string>) => {
      listener.onChange({ kind, body: JSON.parse(message.data) } as Change);
    });
  }
  return () => source.close();
}
