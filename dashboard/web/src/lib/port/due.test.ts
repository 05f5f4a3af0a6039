import { expect, test } from "vitest";
import { alert, transfer } from "../live/rows.fixture";
import type { PlaceFeature } from "../../api/types";
import { checksOf, dueAt, matching, named, placesOf, wordOf } from "./due";

const here = ["depot"];
const row = transfer({ id: "T1", unit: "CSQU3054383", seal: "SWAA0000017", destination: "depot", holds: [], custody_held: false });
const read = { unit: "csqu 305438 3", seal: "SWAA0000017" };

test("an operator's places are those that name its party", () => {
  const place = (id: string, operator?: string): PlaceFeature => ({
    type: "Feature",
    geometry: { type: "Polygon", coordinates: [] },
    properties: { id, kind: "depot", name_en: id, name_zh: id, operator },
  });
  expect(placesOf("station", [place("a", "station"), place("b", "other"), place("c")])).toEqual(["a"]);
});

test("what stands at the gate comes before what is still under way, the nearest first, and what is over not at all", () => {
  const at = (id: string, state: typeof row.state, progress_km: number) => transfer({ ...row, id, state, progress_km, length_km: 100 });
  const rows = [at("far", "in-transit", 5), at("near", "in-transit", 95), at("gate", "arrived", 100), at("gone", "written-off", 100)];
  expect(dueAt(rows, here).map(({ id }) => id)).toEqual(["gate", "near", "far"]);
  expect(dueAt(rows, ["elsewhere"])).toEqual([]);
});

test("a number is found as people type it, by unit, seal or reference", () => {
  expect(matching([row], "3054")).toEqual([row]);
  expect(named([row], " csqu 305438 3")).toBe(row);
  expect(named([row], "swaa0000017")).toBe(row);
  expect(named([row], "CSQU")).toBeUndefined();
});

test("a unit is taken over when unit and seal are the declared ones and nothing holds it", () => {
  expect(wordOf(checksOf(row, read, here, []))).toEqual({ verdict: "go" });
  expect(wordOf(checksOf(row, { ...read, seal: "" }, here, []))).toEqual({ verdict: "reading" });
});

test.each([
  ["unit", row, { ...read, unit: "CSQU3054384" }, []],
  ["seal", row, { ...read, seal: "SWAA0000025" }, []],
  ["here", { ...row, destination: "elsewhere" }, read, []],
  ["hold", { ...row, holds: [{ by: "clock", detail: "papers", reason: "officer", since: 1 }] }, read, []],
  ["custody", { ...row, custody_held: true }, read, []],
  ["alert", row, read, [alert({ transfer: "T1", severity: "red" })]],
] as const)("%s alone holds it, and is the reason that is told", (reason, held, seen, alerts) => {
  expect(wordOf(checksOf(held as unknown as typeof row, seen, here, alerts))).toEqual({ verdict: "hold", reason });
});

test("a wrong unit is told before a seal that was not read yet", () => {
  expect(wordOf(checksOf(row, { unit: "CSQU3054384", seal: "" }, here, []))).toEqual({ verdict: "hold", reason: "unit" });
});
