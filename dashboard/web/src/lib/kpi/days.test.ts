import { expect, test } from "vitest";
import type { FiguresOfDay } from "../../api/types";
import { hasValues, measureByDay, released, secondsOf, shareByDay } from "./days";

function of(place: string, day: string, automatic: number, people: number, p50: number | null): FiguresOfDay {
  const arrival_to_release = { count: p50 === null ? 0 : 3, p50_min: p50, p90_min: p50 };
  const rest = { passed: 0, held: 0, gate_minutes: {}, arrival_to_release, alerts_decided: 0, false_alarms: 0 };
  return { place, day, figures: { released_automatically: automatic, released_by_people: people, ...rest } };
}

const rows = [of("xian", "2026-11-25", 3, 1, 40), of("xian", "2026-11-24", 0, 0, null), of("pvg", "2026-11-25", 0, 4, 20)];

test("a share counts all places of a day together, and a day without any is no zero", () => {
  const { days, lines } = shareByDay(rows, (row) => row.figures.released_automatically, released);
  expect(days).toEqual([secondsOf("2026-11-24"), secondsOf("2026-11-25")]);
  expect(lines).toEqual([{ place: null, values: [null, 37.5] }]);
});

test("a measure stays that of its place", () => {
  const { lines } = measureByDay(rows, (row) => row.figures.arrival_to_release.p50_min);
  expect(lines).toEqual([
    { place: "pvg", values: [null, 20] },
    { place: "xian", values: [null, 40] },
  ]);
});

test("places without the measure have no line", () => {
  expect(measureByDay(rows.slice(1, 2), (row) => row.figures.arrival_to_release.p50_min).lines).toEqual([]);
  expect(hasValues(shareByDay(rows.slice(1, 2), () => 0, released))).toBe(false);
});

test("a day begins at midnight of UTC", () => {
  expect(secondsOf("2026-11-25") * 1000).toBe(Date.UTC(2026, 10, 25));
});
