import { expect, test } from "vitest";
import { cargoCommand, type DeclarationForm, declarationCommands, emptyConsignment, emptyGoods, freshReference, type GoodsForm, houseUnder, refitted, waybill, waysFor, waysOn } from "./declaration";
import { amountFault, faultsOf, hsFault } from "./faults";
import { freeSeals } from "./free";
import type { CorridorFeature } from "../../api/types";
import { device } from "../live/rows.fixture";
import { viewOf } from "../live/view";

const way = (id: string, mode: "rail" | "road" | "air", from = "a", to = "b"): CorridorFeature => ({
  type: "Feature",
  geometry: { type: "LineString", coordinates: [] },
  properties: { id, mode, from, to, width_m: 1, length_km: 1, name_en: id, name_zh: id },
});
const ways = [way("rail-a-b", "rail"), way("air-a-b", "air"), way("road-b-c", "road", "b", "c"), way("road-b-a", "road", "b", "a")];
const goods = (given: Partial<GoodsForm> = {}): GoodsForm => ({ ...emptyGoods(), goods: "G-1", hs: "85423190", nameZh: "芯片", nameEn: "Chip", quantity: "10", weight: "20.5", ...given });
const bill = { ...emptyConsignment(), paper: "COSU6123456780", lines: [goods()] };
const form: DeclarationForm = { transfer: "26CN00000000000000", kind: "container", unit: "csqu 305438 3", seal: "SW-R-00004", corridors: ["rail-a-b"], consignments: [bill] };
const faults = (given: Partial<DeclarationForm>) => Object.fromEntries(faultsOf({ ...form, ...given }, ways, { free: [form.seal, "SW-R-00005"], refused: "SW-R-00005" }));

test("a whole declaration is a draft, a binding and a declaration", () => {
  expect(faults({})).toEqual({});
  const commands = declarationCommands(form, "silk", ways);
  expect(commands?.map(({ command }) => command.type)).toEqual(["draft-transfer", "bind-seal", "submit-transfer"]);
  expect(commands?.[0]?.command).toMatchObject({
    unit: "CSQU3054383",
    origin: "a",
    destination: "b",
    legs: [{ mode: "rail", corridor: "rail-a-b" }],
    consignments: [{ document: { "bill-of-lading": "COSU6123456780" }, owner: "silk", lines: [{ description_en: "Chip", goods: { weight_kg: "20.5" } }] }],
  });
});

test("a seal that was taken meanwhile is told at its field, whether the live rows say so or the platform refused it", () => {
  expect(faults({ seal: "SW-R-00003" })).toEqual({ seal: { what: "taken" } });
  expect(faults({ seal: "SW-R-00005" })).toEqual({ seal: { what: "taken" } });
  const rows = [{ id: "SW-1", transfer: null }, { id: "SW-2", transfer: "mine" }, { id: "SW-3", transfer: "other" }, { id: "SW-4", transfer: null, owner: "donghai" }];
  const view = viewOf(rows.map(device), [], [], []);
  expect(freeSeals(view, "silk-road-rail")).toEqual(["SW-1"]);
  expect(freeSeals(view, "silk-road-rail", "mine")).toEqual(["SW-1", "SW-2"]);
});

test("legs go on where the one before ends, and never back to where it was", () => {
  expect(waysOn("container", [way("rail-a-b", "rail")], ways).map(({ properties }) => properties.id)).toEqual(["road-b-c"]);
  expect(declarationCommands({ ...form, corridors: ["rail-a-b", "road-b-c"] }, "silk", ways)?.[0]?.command).toMatchObject({
    destination: "c",
    corridor: "rail-a-b",
    legs: [{ mode: "rail", corridor: "rail-a-b" }, { mode: "road", corridor: "road-b-c" }],
  });
  expect(faults({ corridors: ["road-b-c", "rail-a-b"] })).toEqual({ "corridors.1": { what: "apart" } });
  expect(faults({ corridors: ["rail-a-b", ""] })).toEqual({ "corridors.1": { what: "empty" } });
});

const master = { ...bill, paper: "176-12345675", lines: [goods({ quantity: "10" }), goods({ status: "non-bonded", quantity: "5" })] };
const house = (paper: string, lines: GoodsForm[]) => ({ paper, lines });
const air = (houses: ReturnType<typeof house>[]): Partial<DeclarationForm> => ({ kind: "air", unit: "AKE12345MU", corridors: ["air-a-b"], consignments: [{ ...master, houses }] });

test("house waybills go under the master that they fly with, after it", () => {
  const given = air([house("H-1", [goods({ quantity: "6" })]), house("H-2", [goods({ quantity: "4" })])]);
  expect(faults(given)).toEqual({});
  const [draft] = declarationCommands({ ...form, ...given }, "air", ways) ?? [];
  expect(draft?.command).toMatchObject({
    consignments: [
      { document: { "master-air-waybill": "176-12345675" } },
      { document: { "house-air-waybill": { master: "176-12345675", house: "H-1" } }, parent: { "master-air-waybill": "176-12345675" } },
      { document: { "house-air-waybill": { master: "176-12345675", house: "H-2" } } },
    ],
  });
});

test("the houses of a master have no more than it has, bonded and not bonded apart", () => {
  const at = "consignments.0.houses.1.lines.0";
  const first = house("H-1", [goods({ quantity: "6" })]);
  expect(faults(air([first, house("H-2", [goods({ quantity: "4.001" })])]))).toEqual({ [`${at}.quantity`]: { what: "exceeds", sum: "10.001", most: "10" } });
  expect(faults(air([first, house("H-2", [goods({ quantity: "5", status: "non-bonded" })])]))).toEqual({});
  expect(faults(air([first, house("H-2", [goods({ quantity: "1", status: "in-transit" })])]))).toEqual({ [`${at}.goods`]: { what: "not-in-parent" } });
  expect(faults(air([first, house("H-2", [goods({ quantity: "1", hs: "854231", unit: "KGM" })])]))).toEqual({ [`${at}.hs`]: { what: "differs", expected: "85423190" }, [`${at}.unit`]: { what: "differs", expected: "PCE" } });
  expect(faults(air([first, first]))).toMatchObject({ "consignments.0.houses.1.paper": { what: "twice" } });
  expect(houseUnder(master).lines.map(({ goods, status, quantity }) => [goods, status, quantity])).toEqual([["G-1", "bonded", ""], ["G-1", "non-bonded", ""]]);
});

test("a waybill is one number with its hyphen or without", () => {
  expect([waybill("17612345675"), waybill("176-12345675")]).toEqual(["176-12345675", "176-12345675"]);
  const twice = { ...air([]), consignments: [master, { ...master, paper: "17612345675" }] };
  expect(faults(twice)).toEqual({ "consignments.1.paper": { what: "twice" } });
});

test.each([
  ["a container's check digit", { unit: "CSQU3054384" }, "unit"],
  ["no seal", { seal: "" }, "seal"],
  ["no corridor", { corridors: [""] }, "corridors.0"],
  ["the same bill twice", { kind: "consolidated" as const, consignments: [bill, bill] }, "consignments.1.paper"],
  ["the same goods twice", { consignments: [{ ...bill, lines: [goods(), goods()] }] }, "consignments.0.lines.1.goods"],
  ["a unit of measure in small letters", { consignments: [{ ...bill, lines: [goods({ unit: "pce" })] }] }, "consignments.0.lines.0.unit"],
])("%s is told at its own field", (_, wrong, field) => {
  expect(Object.keys(faults(wrong))).toEqual([field]);
});

test("air cargo has air and road before it, everything else has no air", () => {
  expect(waysFor("air", ways).map(({ properties }) => properties.mode)).toEqual(["air", "road", "road"]);
  expect(waysFor("loose", ways).map(({ properties }) => properties.mode)).toEqual(["rail", "road", "road"]);
});

test("amounts and HS codes are checked while they are typed", () => {
  for (const good of ["1", "0.5", "10000000"]) expect(amountFault(good)).toBeNull();
  for (const bad of ["0", "-1", "1e3", "01", "1,5"]) expect(amountFault(bad)).toEqual({ what: "shape" });
  expect(hsFault("854231")).toBeNull();
  expect(hsFault("8542")).toEqual({ what: "shape" });
});

test("a reference has year, country, serial and check digit", () => {
  const reference = freshReference(2026, new Uint8Array(13).fill(10));
  expect(reference).toMatch(/^26CNAAAAAAAAAAAAA[0-9]$/);
  expect(reference.length).toBe(18);
});

test("another kind keeps what fits it, and the cargo of a draft can be said anew", () => {
  const filled = { ...form, consignments: [{ ...bill, houses: [] }] };
  expect(refitted(filled, "consolidated", ways)).toMatchObject({ unit: form.unit, seal: form.seal, corridors: ["rail-a-b"], consignments: [bill, emptyConsignment()] });
  const air = refitted(filled, "air", ways);
  expect(air).toMatchObject({ unit: "", seal: form.seal, corridors: [""], consignments: [{ paper: "", lines: [goods()] }] });
  const steps = declarationCommands(form, "silk", ways) ?? [];
  expect(cargoCommand(steps, form.transfer)).toMatchObject({ type: "declare-cargo", transfer: form.transfer, consignments: [{ document: { "bill-of-lading": "COSU6123456780" } }] });
});
