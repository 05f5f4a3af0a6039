import { expect, test } from "vitest";
import type { SeriesState } from "../../api/types";
import { followsHow } from "./series";

const series = (more: Partial<SeriesState>): SeriesState => ({ backend: "influxdb", lag: 0, cursor: 100_000, dead_letters: 0, ...more });

test("the bar says how far the time series have to catch up, and that they cannot", () => {
  expect(followsHow(series({}))).toBeNull();
  expect(followsHow(series({ lag: 9_000 }))).toBeNull();
  expect(followsHow(series({ lag: 60_000 }))).toEqual({ state: "behind", n: 60_000 });
  expect(followsHow(series({ lag: 3, failing_since: 1_795_000_000_000 }))).toEqual({ state: "failing", n: 3 });
});
