// The seals that a carrier can put on a unit. Pure.
import type { LiveView } from "../live/view";

/** Its own, which sign what they say and belong to no transfer but, where one is given, this. */
export const freeSeals = (view: LiveView, carrier: string, transfer: string | null = null): string[] =>
  [...view.seals.values()].filter((seal) => seal.owner === carrier && seal.signed && (seal.transfer === null || seal.transfer === transfer)).map((seal) => seal.id).sort();
