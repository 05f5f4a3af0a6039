import { expect, test } from "vitest";
import type { Cargo, Consignment, TransportDocument } from "../../api/types";
import { type Branch, branchesOf, countKey, paperOf, splitCommand, splittable, standOf } from "./tree";

const master: TransportDocument = { "master-air-waybill": "176-12345675" };
const house = (name: string): TransportDocument => ({ "house-air-waybill": { master: "176-12345675", house: name } });

function consignment(document: TransportDocument, parent: TransportDocument | null): Consignment {
  const goods = { goods: "G-1", hs: "85423190", unit: "PCE", status: "bonded" as const, quantity: "10", weight_kg: "20" };
  const lines = [{ goods, description_en: "Chip", description_zh: "芯片" }];
  return { transfer: "T1", at: 1, document, parent, unit: "AKE12345MU", owner: "x", lines, seals: [], parted: null, withdrawn: false };
}

const cargo: Cargo = {
  transfer: "T1",
  at: 1,
  unit: "AKE12345MU",
  kind: "uld",
  totals: [],
  consignments: [consignment(master, null), consignment(house("H-1"), master), consignment(house("H-2"), master)],
  splits: [],
};

test("the unit and every master with houses under it can be split, each once", () => {
  expect(splittable(cargo).map(({ parent, children }) => [parent && paperOf(parent), children.map((child) => paperOf(child.document))])).toEqual([
    [null, ["176-12345675"]],
    ["176-12345675", ["176-12345675:H-1", "176-12345675:H-2"]],
  ]);
  const split = { number: 1, place: "depot", parent: null, at: 1, by: "clock" as const, lines: [], note: "" };
  expect(splittable({ ...cargo, splits: [split] }).map(({ parent }) => parent)).toEqual([master]);
});

test("a consignment that was withdrawn is not counted", () => {
  const [first, ...others] = cargo.consignments;
  if (first === undefined) throw new Error("no consignment");
  expect(splittable({ ...cargo, consignments: [{ ...first, withdrawn: true }, ...others] }).map(({ parent }) => parent)).toEqual([]);
});

test("what nobody touched is as declared, and what was counted goes under its line", () => {
  const target = splittable(cargo)[1];
  if (target === undefined) throw new Error("nothing to split");
  const counts = new Map([[countKey(house("H-2"), 0), { found: "9", damaged: "1" }]]);
  expect(splitCommand("T1", "depot", target, counts, "counted")).toEqual({
    type: "split-cargo",
    transfer: "T1",
    place: "depot",
    parent: master,
    found: [
      { document: house("H-1"), lines: [{ goods: "G-1", status: "bonded", quantity: "10", damaged: "0" }] },
      { document: house("H-2"), lines: [{ goods: "G-1", status: "bonded", quantity: "9", damaged: "1" }] },
    ],
    note: "counted",
  });
});

test("houses stand under their master, and one whose master is not told stands in the unit", () => {
  const drawn = ({ consignment, children }: Branch): string => `${paperOf(consignment.document)}${children.length === 0 ? "" : `(${children.map(drawn).join(" ")})`}`;
  expect(branchesOf(cargo).map(drawn)).toEqual(["176-12345675(176-12345675:H-1 176-12345675:H-2)"]);
  expect(branchesOf({ consignments: cargo.consignments.slice(1) }).map(drawn)).toEqual(["176-12345675:H-1", "176-12345675:H-2"]);
});

test("a consignment stands under its newest seal until that was opened or it was parted", () => {
  const held = { seal: "XA-1", epoch: 1, since: 1 };
  const stand = (given: Partial<Consignment>) => standOf({ withdrawn: false, parted: null, seals: [], ...given });
  expect(stand({})).toBe("declared");
  expect(stand({ seals: [{ ...held, until: 5 }, { ...held, epoch: 2 }] })).toBe("sealed");
  expect(stand({ seals: [{ ...held, until: 5 }] })).toBe("opened");
  expect(stand({ seals: [{ ...held, until: 5 }], parted: { place: "depot", at: 5 } })).toBe("parted");
  expect(stand({ withdrawn: true, seals: [held] })).toBe("withdrawn");
});
