import { onMount } from "svelte";

const EVERY_MS = 10_000;

/** What the platform says of itself, asked again every ten seconds; null while it is not known. For a component's first lines. */
export function polled<T>(ask: () => Promise<T>): { readonly now: T | null } {
  let now = $state.raw<T | null>(null);
  onMount(() => {
    const look = (): void => {
      // A lost connection is the line's to tell; what is shown then is no longer known.
      ask().then((next) => (now = next)).catch(() => (now = null));
    };
    look();
    const timer = setInterval(look, EVERY_MS);
    return () => clearInterval(timer);
  });
  return { get now() { return now; } };
}
