import { describe, expect, it } from "vitest";
import { isKey } from "../i18n/fill";
import { type Field, ID, objectionTo, PAPER, WORDS } from "./objection";

const field = (validity: Field["validity"], given: Partial<Field> = {}): Field => ({ value: "", min: "", max: "", step: "", pattern: "", ...given, validity });

describe("what is wrong with a field", () => {
  it.each([
    ["nothing in it", field({ valueMissing: true }), "field.missing", {}],
    ["no number", field({ badInput: true }), "field.number", {}],
    ["too little", field({ rangeUnderflow: true }, { value: "20", min: "50", max: "200000" }), "field.range", { value: "20", min: "50", max: "200000" }],
    ["too much", field({ rangeOverflow: true }, { value: "181", min: "-180", max: "180" }), "field.range", { value: "181", min: "-180", max: "180" }],
    ["too little without an upper limit", field({ rangeUnderflow: true }, { value: "-1", min: "0" }), "field.least", { value: "-1", min: "0" }],
    ["between two steps", field({ stepMismatch: true }, { value: "55", min: "50", step: "10" }), "field.step", { value: "55", step: "10", min: "50" }],
    ["between two steps from zero", field({ stepMismatch: true }, { value: "1.5", step: "1" }), "field.step", { value: "1.5", step: "1", min: "0" }],
    ["a paper's number with a blank", field({ patternMismatch: true }, { value: "N 1", pattern: PAPER }), "field.paper", { value: "N 1" }],
    ["only blanks", field({ patternMismatch: true }, { value: " ", pattern: WORDS }), "field.missing", { value: " " }],
    ["an id in capitals", field({ patternMismatch: true }, { value: "Port", pattern: ID }), "field.id", { value: "Port" }],
  ])("%s", (_, given, key, values) => {
    expect(objectionTo(given)).toEqual({ key, values });
    expect(isKey(key)).toBe(true);
  });

  it("says nothing of what is as it should be, nor of a shape without words", () => {
    expect(objectionTo(field({ customError: true }))).toBeNull();
    expect(objectionTo(field({ patternMismatch: true }, { pattern: "x+" }))).toBeNull();
  });
});
