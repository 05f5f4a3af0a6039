// What every page inside the shell may rely on: who is there, the live rows, and what ids are called.
import { getContext, setContext } from "svelte";
import type { Me } from "../../api/types";
import type { LiveStore } from "../live/store.svelte";

export interface House {
  readonly me: Me;
  readonly store: LiveStore;
  /** The place's name without the part in brackets, or its id. */
  placeName(id: string): string;
  /** The names of a corridor, a party and a person, or the id of one that is not known here. */
  corridorName(id: string): string;
  partyName(id: string): string;
  personName(id: string): string;
}

const HOUSE = Symbol("house");

export const openHouse = (house: House): House => setContext(HOUSE, house);
export const house = (): House => getContext<House>(HOUSE);
