// The age of what a panel or a page shows: `Loaded` tells it to what stands around it, which prints it beside its title.
import { getContext, setContext } from "svelte";
import { SvelteSet } from "svelte/reactivity";
import type { Time } from "../../api/types";
import type { Resource } from "./resource.svelte";

const KEY = Symbol("ages");

/** To be called while what stands around is set up. What it returns tells when the oldest value inside came; null without one. */
export function openAges(): () => Time | null {
  const inside = new SvelteSet<Resource<unknown>>();
  setContext(KEY, inside);
  return () => {
    const came = [...inside].map((resource) => resource.at).filter((at) => at !== null);
    return came.length === 0 ? null : Math.min(...came);
  };
}

/** To be called while what is inside is set up; what it returns is for an effect, and ends what it began. */
export function agesAround(): (resource: Resource<unknown>) => () => void {
  const inside = getContext<SvelteSet<Resource<unknown>> | undefined>(KEY);
  return (resource) => {
    inside?.add(resource);
    return () => inside?.delete(resource);
  };
}
