// What was drawn and not put, by what it is of: a look elsewhere or a reload loses nothing.
import type { CorridorFeature, PlaceFeature, Time } from "../../api/types";
import { draftNames, draftOf, dropDraft, keepDraft } from "../session/draft";

export type Kind = "corridors" | "places";
export type Feature = CorridorFeature | PlaceFeature;

export interface Subject {
  kind: Kind;
  /** Nothing for what is new. */
  id: string;
  /** Of a planned version. */
  from: Time | null;
}

const slotOf = ({ kind, id, from }: Subject): string => `drawing.${kind}.${id}.${from ?? ""}`;

export const keepUnsent = (subject: Subject, feature: Feature): void => keepDraft(slotOf(subject), feature);
export const unsentOf = (subject: Subject): Feature | null => draftOf<Feature>(slotOf(subject));
export const dropUnsent = (subject: Subject): void => dropDraft(slotOf(subject));

/** Whose changes wait in their versions in force, and nothing where one is new. */
export function unsentIds(kind: Kind): ReadonlySet<string> {
  const slots = draftNames(`drawing.${kind}.`).map((name) => name.split("."));
  return new Set(slots.filter(([, , , from]) => from === "").map(([, , id]) => id ?? ""));
}
