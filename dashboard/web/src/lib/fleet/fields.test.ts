import { expect, test } from "vitest";
import { fill } from "../i18n/fill";
import { type DeclarationForm, emptyConsignment, emptyGoods, houseUnder } from "./declaration";
import { faultsOf } from "./faults";
import { labelsOf } from "./fields";

const blank: DeclarationForm = { transfer: "26CN00000000000000", kind: "container", unit: "", seal: "", corridors: [""], consignments: [emptyConsignment()] };
const named = (form: DeclarationForm, language: "zh" | "en" = "en"): string[] =>
  [...faultsOf(form, [], { free: [], refused: "" }).keys()].map((path) => labelsOf(path, form).map(([key, values]) => fill(language, key, values)).join(" · "));

test("each field that is missing is named by its label, in the order of the form", () => {
  expect(named(blank)).toEqual(["Container number (ISO 6346)", "Seal", "Corridor", "Bill of lading", "Goods code", "HS code", "Name in Chinese", "Name in English", "Quantity", "Weight (kg)"]);
  expect(named(blank, "zh").slice(0, 6)).toEqual(["箱号（ISO 6346）", "关锁", "走廊", "提单号", "料号", "HS 编码"]);
});

test("where there are several, the leg, consignment, house waybill and goods line are named before the field", () => {
  const air = { ...emptyConsignment(), lines: [emptyGoods(), emptyGoods()] };
  const names = named({ ...blank, kind: "air", corridors: ["", ""], consignments: [air, { ...air, houses: [houseUnder(emptyConsignment())] }] });
  expect(names).toEqual(expect.arrayContaining(["Load device number", "Leg 2", "Consignment 1 · Master air waybill", "Consignment 2 · Goods line 2 · HS code", "Consignment 2 · House waybill 1 · House waybill", "Consignment 2 · House waybill 1 · Goods code"]));
});
