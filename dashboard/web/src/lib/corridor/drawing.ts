// A corridor or a place while it is drawn: its points, its numbers, and the feature that is put in the end. Pure.
import type { CorridorFeature, CorridorProperties, PlaceFeature, PlaceProperties } from "../../api/types";

export type Point = [number, number];

export interface Draft {
  shape: "line" | "area";
  /** Of an area without the closing point. */
  points: readonly Point[];
}

const EARTH_KM = 6371.0088;
const DIGITS = 1e5;

const rounded = ([lon, lat]: Point): Point => [Math.round(lon * DIGITS) / DIGITS, Math.round(lat * DIGITS) / DIGITS];

export function draftOf(feature: CorridorFeature | PlaceFeature): Draft {
  if (feature.geometry.type === "LineString") return { shape: "line", points: feature.geometry.coordinates.map(pointOf) };
  const ring = (feature.geometry.coordinates[0] ?? []).map(pointOf);
  return { shape: "area", points: ring.slice(0, -1) };
}

function pointOf(position: readonly number[]): Point {
  return [position[0] ?? 0, position[1] ?? 0];
}

/** A point more: in the piece that is nearest, or at the end of a line when it lies beyond. */
export function withPoint(draft: Draft, at: Point): Draft {
  const { points, shape } = draft;
  const least = shape === "line" ? 2 : 3;
  const index = points.length < least ? points.length : placeFor(draft, at);
  return { ...draft, points: [...points.slice(0, index), rounded(at), ...points.slice(index)] };
}

function placeFor({ points, shape }: Draft, at: Point): number {
  const pieces = shape === "line" ? points.length - 1 : points.length;
  let [best, nearest] = [points.length, Infinity];
  for (let i = 0; i < pieces; i += 1) {
    const [from, to] = [points[i], points[(i + 1) % points.length]];
    if (!from || !to) continue;
    const { distance, share } = footOn(from, to, at);
    if (distance >= nearest) continue;
    nearest = distance;
    best = shape === "line" && i === 0 && share <= 0 ? 0 : i + 1 + (shape === "line" && i === pieces - 1 && share >= 1 ? 1 : 0);
  }
  return best;
}

function footOn(from: Point, to: Point, at: Point): { distance: number; share: number } {
  const narrow = Math.cos((at[1] * Math.PI) / 180);
  const [ax, ay, bx, by] = [(from[0] - at[0]) * narrow, from[1] - at[1], (to[0] - at[0]) * narrow, to[1] - at[1]];
  const [dx, dy] = [bx - ax, by - ay];
  const length = dx * dx + dy * dy;
  const share = length === 0 ? 0 : -(ax * dx + ay * dy) / length;
  const held = Math.min(1, Math.max(0, share));
  return { distance: Math.hypot(ax + held * dx, ay + held * dy), share };
}

/** A point more behind the last one: as coordinates stand on paper. */
export function withLast(draft: Draft, at: Point): Draft {
  return { ...draft, points: [...draft.points, rounded(at)] };
}

export function withMoved(draft: Draft, index: number, at: Point): Draft {
  return { ...draft, points: draft.points.map((point, i) => (i === index ? rounded(at) : point)) };
}

export function withoutPoint(draft: Draft, index: number): Draft {
  return { ...draft, points: draft.points.filter((_, i) => i !== index) };
}

/** Along the line, on a sphere. */
export function lengthKm({ points }: Draft): number {
  const radians = (degrees: number): number => (degrees * Math.PI) / 180;
  return points.slice(1).reduce((sum, [lon, lat], i) => {
    const [lonBefore, latBefore] = points[i] ?? [lon, lat];
    const half = Math.sin(radians(lat - latBefore) / 2) ** 2 + Math.cos(radians(lat)) * Math.cos(radians(latBefore)) * Math.sin(radians(lon - lonBefore) / 2) ** 2;
    return sum + 2 * EARTH_KM * Math.asin(Math.sqrt(half));
  }, 0);
}

/** What lies along a corridor, kilometres from its start. */
export interface Marks {
  /** From, to: no signal is expected there. */
  no_signal: [number, number][];
  /** From, to, minutes that standing is allowed. */
  stops: [number, number, number][];
  /** Kilometre, radius in metres: has to be passed. */
  waypoints: [number, number][];
}

export const MARKS = ["no_signal", "stops", "waypoints"] as const satisfies readonly (keyof Marks)[];

export function marksOf(properties: CorridorProperties): Marks {
  const rows = (name: string): number[][] => {
    const found = properties[name];
    return Array.isArray(found) ? found.map((row: number[]) => row.map(Number)) : [];
  };
  return {
    no_signal: rows("no_signal").map(([from = 0, to = 0]) => [from, to]),
    stops: rows("stops").map(([from = 0, to = 0, minutes = 0]) => [from, to, minutes]),
    waypoints: rows("waypoints").map(([km = 0, radius = 0]) => [km, radius]),
  };
}

/** The corridor as it is put: its other properties stay as they were. */
export function corridorFeature(draft: Draft, properties: CorridorProperties, marks: Marks): CorridorFeature {
  const length_km = Math.round(lengthKm(draft) * 10) / 10;
  const { no_signal: _zones, stops: _stops, waypoints: _points, ...others } = properties;
  const along = MARKS.filter((name) => marks[name].length > 0).map((name) => [name, [...marks[name]].sort((a, b) => a[0] - b[0])]);
  return {
    type: "Feature",
    properties: { ...others, ...Object.fromEntries(along), length_km } as CorridorProperties,
    geometry: { type: "LineString", coordinates: draft.points.map((point) => [...point]) },
  };
}

export function placeFeature(draft: Draft, properties: PlaceProperties): PlaceFeature {
  const ring = draft.points.map((point) => [...point]);
  const first = ring[0];
  return { type: "Feature", properties, geometry: { type: "Polygon", coordinates: [first ? [...ring, [...first]] : ring] } };
}

/** Enough points to be put. */
export function isWhole({ shape, points }: Draft): boolean {
  return points.length >= (shape === "line" ? 2 : 3);
}
