// What no event tells of, asked again and again while its page is open.
import { onMount } from "svelte";
import { Resource } from "./resource.svelte";

/** To be called while the page is set up. A question waits for the answer to the one before. */
export function renewed<T>(ask: () => Promise<T>, everyMs: number): Resource<T> {
  const found = new Resource(ask);
  onMount(() => {
    void found.load();
    const timer = setInterval(() => {
      if (!found.busy) void found.load();
    }, everyMs);
    return () => clearInterval(timer);
  });
  return found;
}
