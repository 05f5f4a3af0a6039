import { expect, test } from "vitest";
import type { Posting } from "../../api/types";
import { reversible } from "./postings";

const posting = (given: Partial<Posting>): Posting => ({
  id: 1,
  at: 0,
  enterprise: "silk-road-rail",
  goods: "CHIP-7",
  status: "bonded",
  debit: "written-off",
  credit: "under-way",
  quantity: "5",
  by: { user: "li" },
  note: "",
  ...given,
});

test("only a write-off that stands can be taken back", () => {
  const written = posting({});
  expect(reversible(written, [written])).toBe(true);
  expect(reversible(written, [written, posting({ id: 2, debit: "under-way", credit: "written-off", reverses: 1 })])).toBe(false);
  expect(reversible(posting({ debit: "under-way", credit: "stock" }), [])).toBe(false);
});
