// What is wrong with a field, as a key of the dictionaries. Pure.
import type { Key } from "../i18n/zh";

export type Field = Pick<HTMLInputElement, "value" | "min" | "max" | "step" | "pattern"> & { validity: Partial<Record<keyof ValidityState, boolean>> };

export interface Objection {
  key: Key;
  values: Readonly<Record<string, string>>;
}

/** Numbers of papers. */
export const PAPER = "[A-Za-z0-9\\-]+";
/** Ids of places, corridors. */
export const ID = "[a-z0-9][a-z0-9\\-]*";
/** More than blanks. */
export const WORDS = ".*\\S.*";

const SHAPES: Readonly<Record<string, Key>> = { [PAPER]: "field.paper", [ID]: "field.id", [WORDS]: "field.missing" };

/** Nothing where the field is as it should be. */
export function objectionTo({ value, min, max, step, pattern, validity }: Field): Objection | null {
  const shape = SHAPES[pattern];
  if (validity.valueMissing) return { key: "field.missing", values: {} };
  if (validity.badInput) return { key: "field.number", values: {} };
  if (validity.rangeUnderflow || validity.rangeOverflow) return max === "" ? { key: "field.least", values: { value, min } } : { key: "field.range", values: { value, min, max } };
  if (validity.stepMismatch) return { key: "field.step", values: { value, step, min: min === "" ? "0" : min } };
  if (validity.patternMismatch && shape !== undefined) return { key: shape, values: { value } };
  return null;
}
