import { expect, test } from "vitest";
import type { Difference } from "../../api/types";
import { offBy } from "./difference";

const difference = (given: Partial<Difference>): Difference => ({ goods: "CHIP", status: "bonded", field: "quantity", ...given });

test("each paper is off from the ledger by its own quantity, exactly", () => {
  expect(offBy(difference({ ledger: "10", declared: "10", noted: "8.125" }))).toEqual({ noted: "−1.875" });
  expect(offBy(difference({ field: "weight-kg", ledger: "20", declared: "25", noted: "20.1" }))).toEqual({ declared: "+5", noted: "+0.1" });
});

test("where the ledger says nothing, the consignments stand against the declaration", () => {
  expect(offBy(difference({ field: "consigned", declared: "10", consigned: "12" }))).toEqual({ consigned: "+2" });
});

test("codes are not subtracted, nor a line from the stock that the ledger has", () => {
  expect(offBy(difference({ field: "line", ledger: "10000", noted: "12" }))).toEqual({});
  expect(offBy(difference({ field: "hs", ledger: "85423190", declared: "85423200" }))).toEqual({});
  expect(offBy(difference({ field: "unit", ledger: "PCE", declared: "KGM" }))).toEqual({});
});
