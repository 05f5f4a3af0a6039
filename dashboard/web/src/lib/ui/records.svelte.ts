// Records of one kind on a page: asked for when the page opens and when the live line does, and carried on by those that are told. What is
// told comes with its body, often before the views of the platform have it.
import { onMount, untrack } from "svelte";
import { api } from "../../api/client";
import type { Recorded, RecordKinds } from "../../api/types";
import type { LiveStore } from "../live/store.svelte";
import { Resource } from "./resource.svelte";
import { merged } from "./told";

/** To be called while the page is set up: the newest of a kind that may have very many. */
export function newestOf<Kind extends keyof RecordKinds>(store: LiveStore, kind: Kind, limit: number): Resource<RecordKinds[Kind][]> {
  return followed(store, kind, () => api.newest(kind, limit), { limit });
}

/** To be called while the page is set up. With `transfer` only the records of that one. */
export function recordsOf<Kind extends keyof RecordKinds>(store: LiveStore, kind: Kind, transfer?: () => string): Resource<RecordKinds[Kind][]> {
  return followed(store, kind, () => api.records(kind, transfer === undefined ? {} : { transfer: transfer() }), transfer === undefined ? {} : { transfer });
}

function followed<Kind extends keyof RecordKinds>(
  store: LiveStore,
  kind: Kind,
  ask: () => Promise<Recorded<RecordKinds[Kind]>[]>,
  { limit, transfer }: { limit?: number; transfer?: () => string },
): Resource<RecordKinds[Kind][]> {
  let asked: Recorded<RecordKinds[Kind]>[] = [];
  let told: Recorded<RecordKinds[Kind]>[] = [];
  const bodies = (): RecordKinds[Kind][] => merged(asked, told, limit).map((record) => record.body);
  const found = new Resource(async () => {
    asked = await ask();
    return bodies();
  }, () => store.heardAt);
  onMount(() =>
    store.onRecord((record) => {
      if (record.kind !== kind || (transfer !== undefined && record.transfer !== transfer())) return;
      told = merged(told, [record as Recorded<RecordKinds[Kind]>], limit);
      if (found.value !== null) found.value = bodies();
    }),
  );
  // What was told while the line was not open is not told again.
  $effect(() => {
    void store.line;
    untrack(() => void found.load());
  });
  return found;
}
