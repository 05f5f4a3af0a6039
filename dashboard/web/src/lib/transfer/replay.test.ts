import { expect, test } from "vitest";
import type { SeriesPoint } from "../../api/types";
import { curvesOf, legAt, momentAt } from "./replay";

const point = (t: number, more: Partial<SeriesPoint> = {}): SeriesPoint => ({ ctr: t, epoch: 1, t, received_at: t, event: "periodic", status: 0, ...more });
const points = [point(10, { lat: 1, lon: 101 }), point(20), point(30, { lat: 3, lon: 103, battery: 50, speed_cm_s: 1000 })];

test("at a moment the seal is where its newest fix until then was", () => {
  expect(momentAt(points, 25)).toMatchObject({ at: [101, 1], fixedAt: 10, point: { t: 20 } });
  expect(momentAt(points, 30)).toMatchObject({ at: [103, 3], point: { t: 30 } });
  expect(momentAt(points, 5)).toEqual({ at: null, fixedAt: null, point: null });
});

test("a leg lasts until the seal comes into the place where it ends", () => {
  const square = (x: number): number[][] => [[x, 0], [x + 1, 0], [x + 1, 1], [x, 1], [x, 0]];
  const way = [0, 2.5, 3.5, 4.5, 6.5].map((lon, i) => point(i * 10, { lon, lat: 0.5 }));
  const ends = [square(2), square(6)];
  const on = (time: number): number => legAt(way, ends, time);
  expect([5, 9, 10, 30, 39, 40].map(on)).toEqual([0, 0, 1, 1, 1, 2]);
  // Whoever comes back to the first place is still on the last leg, and a place beside the way ends nothing.
  expect(legAt([...way, point(50, { lon: 2.5, lat: 0.5 })], ends, 60)).toBe(2);
  expect(legAt(way.map((at) => ({ ...at, lat: 1.5 })), ends, 60)).toBe(0);
});

test("curves leave holes where nothing was measured", () => {
  expect(curvesOf([points[2] ?? point(0), points[0] ?? point(0)])).toEqual([[0.01, 0.03], [null, 50], [null, 36], [null, null]]);
});
