import { expect, test } from "vitest";
import type { SeriesPoint } from "../../api/types";
import { curvesOf, momentAt } from "./replay";

const point = (t: number, more: Partial<SeriesPoint> = {}): SeriesPoint => ({ ctr: t, epoch: 1, t, received_at: t, event: "periodic", status: 0, ...more });
const points = [point(10, { lat: 1, lon: 101 }), point(20), point(30, { lat: 3, lon: 103, battery: 50, speed_cm_s: 1000 })];

test("at a moment the seal is where its newest fix until then was", () => {
  expect(momentAt(points, 25)).toMatchObject({ at: [101, 1], fixedAt: 10, point: { t: 20 } });
  expect(momentAt(points, 30)).toMatchObject({ at: [103, 3], point: { t: 30 } });
  expect(momentAt(points, 5)).toEqual({ at: null, fixedAt: null, point: null });
});

test("curves leave holes where nothing was measured", () => {
  expect(curvesOf([points[2] ?? point(0), points[0] ?? point(0)])).toEqual([[0.01, 0.03], [null, 50], [null, 36], [null, null]]);
});
