import { expect, test } from "vitest";
import { alert, transfer } from "../live/rows.fixture";
import type { PlaceFeature } from "../../api/types";
import { checksOf, dueAt, isSoon, matching, named, placesOf, wordOf } from "./due";

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
  expect(dueAt(rows, here, () => null).map(({ id }) => id)).toEqual(["gate", "near", "far"]);
  expect(dueAt(rows, ["elsewhere"], () => null)).toEqual([]);
});

test("of what is under way the one that is expected first comes first, however far it is", () => {
  const minutes = { fast: 30, slow: 50 } as Readonly<Record<string, number>>;
  const rows = [["slow", 5], ["unseen", 1], ["fast", 60]] as const;
  const ahead = ({ id }: typeof row) => (id in minutes ? minutes[id]! * 60_000 : null);
  expect(dueAt(rows.map(([id, km]) => transfer({ ...row, id, progress_km: 100 - km })), here, ahead).map(({ id }) => id)).toEqual(["fast", "slow", "unseen"]);
});

test("seconds do not change the order", () => {
  const rows = ["b", "a"].map((id) => transfer({ ...row, id, progress_km: 100 }));
  for (const told of [-1, 1]) expect(dueAt(rows, here, ({ id }) => (id === "a" ? 60_000 : 60_000 + told * 5000)).map(({ id }) => id)).toEqual(["a", "b"]);
});

test("soon is what has arrived, or is expected within two hours", () => {
  const hour = 3_600_000;
  const soon = (state: typeof row.state, ahead: number | null) => isSoon({ ...row, state }, ahead);
  expect([soon("in-transit", 2 * hour), soon("in-transit", -hour), soon("arrived", null)]).toEqual([true, true, true]);
  expect([soon("in-transit", 2 * hour + 1), soon("in-transit", null), soon("released", null)]).toEqual([false, false, false]);
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
