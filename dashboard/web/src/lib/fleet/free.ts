// The seals that a carrier can put on a unit. Pure.
import type { LiveView } from "../live/view";

/** Its own, which sign what they say and belong to no transfer. */
export const freeSeals = (view: LiveView, carrier: string): string[] =>
  [...view.seals.values()].filter((seal) => seal.owner === carrier && seal.signed && seal.transfer === null).map((seal) => seal.id).sort();
