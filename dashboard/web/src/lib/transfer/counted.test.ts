import { expect, test } from "vitest";
import type { Posting } from "../../api/types";
import { underWay } from "./counted";

let id = 0;
const posting = (given: Partial<Posting>): Posting => ({
  id: (id += 1),
  at: 0,
  enterprise: "silk-road-rail",
  goods: "CHIP-7",
  status: "bonded",
  credit: "stock",
  debit: "under-way",
  quantity: "12.5",
  by: { user: "li" },
  note: "",
  ...given,
});

test("what is to be counted is what was declared and not written off, goods of different status apart", () => {
  const postings = [
    posting({}),
    posting({ quantity: "0.001" }),
    posting({ status: "non-bonded", quantity: "7" }),
    posting({ credit: "under-way", debit: "written-off", quantity: "2.25" }),
  ];
  expect(underWay(postings)).toEqual([
    { goods: "CHIP-7", status: "bonded", quantity: "10.251" },
    { goods: "CHIP-7", status: "non-bonded", quantity: "7" },
  ]);
});

test("goods that were written off whole are not to be counted again", () => {
  expect(underWay([posting({}), posting({ credit: "under-way", debit: "written-off" })])).toEqual([]);
});
