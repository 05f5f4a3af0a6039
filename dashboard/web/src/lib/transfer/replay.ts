// Where a seal was at a moment, and what it measured. Pure.
import type { SeriesPoint, Time } from "../../api/types";

type Ring = readonly (readonly number[])[];

/** Before the first fix there is no place. */
export interface Moment {
  at: [number, number] | null;
  /** Device time of the fix. */
  fixedAt: Time | null;
  point: SeriesPoint | null;
}

/** The newest point at or before a time, and the newest fix; points are oldest first. */
export function momentAt(points: readonly SeriesPoint[], time: Time): Moment {
  const index = lastBefore(points, time);
  let fix = index;
  while (fix >= 0 && points[fix]?.lon == null) fix -= 1;
  const fixed = points[fix];
  return {
    at: fixed?.lon != null && fixed.lat != null ? [fixed.lon, fixed.lat] : null,
    fixedAt: fixed?.t ?? null,
    point: points[index] ?? null,
  };
}

/** The leg that a seal was on at a moment, from 0: one further for each end of a leg that it had come into, in their order. */
export function legAt(points: readonly SeriesPoint[], ends: readonly Ring[], time: Time): number {
  let leg = 0;
  for (const { t, lon, lat } of points) {
    const end = ends[leg];
    if (end === undefined || t > time) break;
    if (lon != null && lat != null && isInside(end, lon, lat)) leg += 1;
  }
  return leg;
}

/** A line from the point to the east crosses the edge an odd number of times. */
function isInside(ring: Ring, x: number, y: number): boolean {
  let inside = false;
  ring.forEach(([bx = 0, by = 0], i) => {
    const [ax = 0, ay = 0] = ring.at(i - 1) ?? [];
    if (ay > y !== by > y && x < ax + ((y - ay) / (by - ay)) * (bx - ax)) inside = !inside;
  });
  return inside;
}

function lastBefore(points: readonly SeriesPoint[], time: Time): number {
  let [low, high] = [0, points.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((points[middle]?.t ?? Infinity) <= time) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** Columns as the charts want them: seconds, battery in percent, speed in km/h, temperature in degrees. */
export type Curves = [number[], (number | null)[], (number | null)[], (number | null)[]];

export function curvesOf(points: readonly SeriesPoint[]): Curves {
  const sorted = [...points].sort((a, b) => a.t - b.t);
  return [
    sorted.map((point) => point.t / 1000),
    sorted.map((point) => point.battery ?? null),
    sorted.map((point) => (point.speed_cm_s == null ? null : point.speed_cm_s * 0.036)),
    sorted.map((point) => point.temperature ?? null),
  ];
}
