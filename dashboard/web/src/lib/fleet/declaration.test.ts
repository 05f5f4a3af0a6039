import { expect, test } from "vitest";
import type { CorridorFeature } from "../../api/types";
import { amountFault, declarationCommands, type DeclarationForm, emptyConsignment, freshReference, hsFault, missing, waysFor } from "./declaration";

const way = (id: string, mode: "rail" | "road" | "air"): CorridorFeature => ({
  type: "Feature",
  geometry: { type: "LineString", coordinates: [] },
  properties: { id, mode, from: "a", to: "b", width_m: 1, length_km: 1, name_en: id, name_zh: id },
});
const ways = [way("rail-a-b", "rail"), way("air-a-b", "air")];
const line = { ...emptyConsignment(), paper: "COSU6123456780", goods: "G-1", hs: "85423190", nameZh: "芯片", nameEn: "Chip", quantity: "10", weight: "20.5" };
const form: DeclarationForm = { transfer: "26CN00000000000000", kind: "container", unit: "csqu 305438 3", seal: "SW-R-00004", corridor: "rail-a-b", consignments: [line] };

test("a whole declaration is a draft, a binding and a declaration", () => {
  const commands = declarationCommands(form, "silk", ways);
  expect(commands?.map(({ command }) => command.type)).toEqual(["draft-transfer", "bind-seal", "submit-transfer"]);
  expect(commands?.[0]?.command).toMatchObject({
    unit: "CSQU3054383",
    origin: "a",
    destination: "b",
    consignments: [{ document: { "bill-of-lading": "COSU6123456780" }, owner: "silk", lines: [{ description_en: "Chip", goods: { weight_kg: "20.5" } }] }],
  });
});

test("air cargo goes under its waybill, and a waybill with a wrong digit goes nowhere", () => {
  const air = { ...form, kind: "air" as const, unit: "AKE12345MU", corridor: "air-a-b", consignments: [{ ...line, paper: "176-12345675" }] };
  expect(declarationCommands(air, "air", ways)?.[0]?.command).toMatchObject({ consignments: [{ document: { "master-air-waybill": "176-12345675" } }] });
  const wrong = { ...air, consignments: [{ ...line, paper: "176-12345676" }] };
  expect([missing(wrong), declarationCommands(wrong, "air", ways)]).toEqual([1, null]);
});

test.each([
  ["a container's check digit", { unit: "CSQU3054384" }],
  ["no seal", { seal: "" }],
  ["no corridor", { corridor: "" }],
  ["the same bill twice", { kind: "consolidated" as const, consignments: [line, line] }],
])("with %s nothing is declared", (_, wrong) => {
  expect([missing({ ...form, ...wrong }), declarationCommands({ ...form, ...wrong }, "silk", ways)]).toEqual([1, null]);
});

test("air cargo has air and road before it, everything else has no air", () => {
  expect(waysFor("air", [...ways, way("road-a-b", "road")]).map(({ properties }) => properties.id)).toEqual(["air-a-b", "road-a-b"]);
  expect(waysFor("loose", ways).map(({ properties }) => properties.id)).toEqual(["rail-a-b"]);
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
