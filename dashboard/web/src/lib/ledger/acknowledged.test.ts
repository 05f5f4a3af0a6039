import { expect, test } from "vitest";
import type { LedgerImport } from "../../api/types";
import { acknowledgements, kindOf, runsOf, takenOf } from "./acknowledged";

const found: LedgerImport = {
  enterprise: "silk-road-rail",
  reference: "L-1",
  at: 0,
  lines: 4,
  taken: [[1, 2], [4, 4]],
  refused: [{ line: 3, code: "hs-code-malformed", detail: "line 3: HS code" }],
};

test("every line of an import is acknowledged, taken or refused with its reason", () => {
  expect(takenOf(found)).toBe(3);
  expect(runsOf(found.taken)).toBe("1–2, 4");
  expect(acknowledgements(found).map(([line, outcome, code]) => `${line} ${outcome} ${code}`)).toEqual(["1 taken ", "2 taken ", "3 refused hs-code-malformed", "4 taken "]);
});

test("the name of a file says which of the three forms it has", () => {
  expect(["a.json", "b.CSV", "c.d.xml", "e.xlsx", "none"].map(kindOf)).toEqual(["application/json", "text/csv", "application/xml", null, null]);
});
