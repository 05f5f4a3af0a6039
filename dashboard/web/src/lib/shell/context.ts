// What every page inside the shell may rely on: who is there, the live rows, and the names of places.
import { getContext, setContext } from "svelte";
import type { Me } from "../../api/types";
import type { LiveStore } from "../live/store.svelte";

export interface House {
  readonly me: Me;
  readonly store: LiveStore;
  /** The place's name without the part in brackets, or its id. */
  placeName(id: string): string;
}

const HOUSE = Symbol("house");

export const openHouse = (house: House): House => setContext(HOUSE, house);
export const house = (): House => getContext<House>(HOUSE);
