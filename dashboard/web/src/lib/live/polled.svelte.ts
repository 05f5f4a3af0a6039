import { renewed } from "../ui/renewed.svelte";

const EVERY_MS = 10_000;

/** What the platform says of itself, asked again every ten seconds; null while it is not known. For a component's first lines. */
export function polled<T>(ask: () => Promise<T>): { readonly now: T | null } {
  const found = renewed(ask, EVERY_MS);
  // A lost connection is the line's to tell; what is shown then is no longer known.
  return { get now() { return found.failure === null ? found.value : null; } };
}
