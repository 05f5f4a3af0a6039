import { expect, test } from "vitest";
import type { SealFix } from "../live/seal";
import { transfer } from "../live/rows.fixture";
import { anyMoment, expectedAt, lateBy, onLastLeg } from "./eta";

const HOUR = 3_600_000;
/** 72 km/h. */
const DRIVING = 2000;
const fix = (speedCmS: number): SealFix => ({ t: 10 * HOUR, receivedAt: 10 * HOUR, lat: 34, lon: 109, speedCmS, headingDdeg: 0 });
const row = transfer({ progress_km: 28, length_km: 100 });

test("seconds of an estimate are not counted, before it and after", () => {
  expect([-60_000, -59_999, 0, 59_999, 60_000].map((ahead) => anyMoment(HOUR + ahead, HOUR))).toEqual([false, true, true, true, false]);
});

test("what is left of the way is driven at the seal's speed, from when it was there", () => {
  expect(expectedAt(row, fix(DRIVING))).toBe(11 * HOUR);
  expect(expectedAt(row, { ...fix(DRIVING), t: 99 * HOUR }), "a clock that is ahead does not put it off").toBe(11 * HOUR);
  expect(expectedAt({ ...row, progress_km: 100.4 }, fix(DRIVING)), "at the end").toBe(10 * HOUR);
});

test("one that stands is expected at what it made since its leg's limit began", () => {
  const since = { due: 20 * HOUR, limit_ms: 12 * HOUR };
  expect(expectedAt({ ...row, ...since, progress_km: 50 }, fix(0))).toBe(12 * HOUR);
  expect(expectedAt(row, fix(0)), "without a limit nobody can tell").toBeNull();
  expect(expectedAt({ ...row, ...since, progress_km: 0 }, fix(0)), "nor before it has moved").toBeNull();
});

test("nothing is expected of what is not under way or was not seen", () => {
  for (const state of ["released", "incident", "arrived"] as const) expect(expectedAt({ ...row, state }, fix(DRIVING))).toBeNull();
  expect([expectedAt(row, null), expectedAt({ ...row, progress_km: null }, fix(DRIVING))]).toEqual([null, null]);
});

test("late is what is expected after the limit", () => {
  expect([lateBy({ ...row, due: 9 }, 12), lateBy({ ...row, due: 12 }, 12), lateBy(row, 12)]).toEqual([3, 0, 0]);
});

test("only the last leg ends at the destination", () => {
  const leg = { mode: "rail", corridor: "a-b", from: "a", to: "b", limit_ms: 1 } as const;
  expect([onLastLeg(row), onLastLeg({ ...row, legs: [leg, leg] }), onLastLeg({ ...row, legs: [leg, leg], leg: 1 })]).toEqual([true, false, true]);
});
