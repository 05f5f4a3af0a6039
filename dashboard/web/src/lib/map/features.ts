// Seals, places and trails as the map's features. Pure.
import type { Grade, Places, Time, TrackPoint } from "../../api/types";
import { SILENT_AFTER_MS } from "../live/counters";
import type { Seal } from "../live/seal";
import { rankOf, type Tallies } from "../live/view";

export interface SealProperties {
  id: string;
  /** 0 normal, 1 grey, 2 amber, 3 red: what a cluster takes the maximum of. */
  rank: number;
  silent: boolean;
  signed: boolean;
}

export type SealFeatures = GeoJSON.FeatureCollection<GeoJSON.Point, SealProperties>;
export type Lines = GeoJSON.FeatureCollection<GeoJSON.LineString | GeoJSON.Point>;

export function sealFeatures(seals: Iterable<Seal>, tallies: Tallies, now: Time): SealFeatures {
  const features: SealFeatures["features"] = [];
  for (const seal of seals) {
    if (!seal.fix) continue;
    features.push({
      type: "Feature",
      properties: {
        id: seal.id,
        signed: seal.signed,
        rank: rankOf(tallies.get(seal.id)?.worst),
        silent: seal.transfer !== null && seal.receivedAt !== null && now - seal.receivedAt > SILENT_AFTER_MS,
      },
      geometry: { type: "Point", coordinates: [seal.fix.lon, seal.fix.lat] },
    });
  }
  return { type: "FeatureCollection", features };
}

/** One point per place, for its mark and its label. */
export function placePoints(places: Places): GeoJSON.FeatureCollection<GeoJSON.Point> {
  const features = places.features.map((place) => ({
    type: "Feature" as const,
    properties: place.properties,
    geometry: { type: "Point" as const, coordinates: place.properties.centre ?? centreOf(place.geometry) },
  }));
  return { type: "FeatureCollection", features };
}

/** Their points with short names besides: the part in brackets names the port area. */
export function namedPoints(places: Places): GeoJSON.FeatureCollection<GeoJSON.Point> {
  const points = placePoints(places);
  const features = points.features.map((point) => {
    const { name_zh, name_en } = point.properties ?? {};
    return { ...point, properties: { ...point.properties, short_zh: String(name_zh).replace(/（.*$/, ""), short_en: String(name_en).replace(/ \(.*$/, "") } };
  });
  return { ...points, features };
}

function centreOf(polygon: GeoJSON.Polygon): [number, number] {
  const ring = polygon.coordinates[0] ?? [];
  const sum = ring.reduce<[number, number]>((total, point) => [total[0] + (point[0] ?? 0), total[1] + (point[1] ?? 0)], [0, 0]);
  const count = Math.max(1, ring.length);
  return [sum[0] / count, sum[1] / count];
}

/**
 * `signed`: under the epoch key, by a closed seal. `open`: signed by a seal that was not closed. `gap`: nothing is known of the way
 * between, because reports are missing. `unsigned`: said by a terminal of another maker. Those above others come later.
 */
export const TRAIL_STATES = ["gap", "unsigned", "signed", "open"] as const;
export type TrailState = (typeof TRAIL_STATES)[number];

const EPOCH_KEY_HELD = 0x100;
const CLOSED = 0x107;
const CABLE_CUT = 0x8;

/** What a report proves about the seal when it was made: wire contract, status bits. */
export function trailState(status: number): "signed" | "open" {
  const bits = status % 512;
  return (bits & EPOCH_KEY_HELD) !== 0 && (bits & CLOSED) === CLOSED && (bits & CABLE_CUT) === 0 ? "signed" : "open";
}

/** The way that a seal came, its fixes in counter order, in pieces of one state each; a way that nobody signed is one piece. */
export function trailFeatures(points: readonly Pick<TrackPoint, "ctr" | "status" | "lat" | "lon">[], grade: Grade = "signed"): Lines {
  const features: Lines["features"] = [];
  let before: { ctr: number; at: [number, number] } | null = null;
  // Reports without a fix hold the chain together, though not the line.
  let lastCtr = Number.NaN;
  let missing = false;
  for (const point of [...points].sort((a, b) => a.ctr - b.ctr)) {
    missing ||= point.ctr > lastCtr + 1;
    lastCtr = point.ctr;
    if (point.lon == null || point.lat == null) continue;
    const at: [number, number] = [point.lon, point.lat];
    if (before !== null) extend(features, grade === "unsigned" ? "unsigned" : missing ? "gap" : trailState(point.status), before.at, at);
    before = { ctr: point.ctr, at };
    missing = false;
  }
  return { type: "FeatureCollection", features };
}

function extend(features: Lines["features"], state: TrailState, from: [number, number], to: [number, number]): void {
  const last = features.at(-1);
  if (last?.geometry.type === "LineString" && last.properties?.["state"] === state) last.geometry.coordinates.push(to);
  else features.push({ type: "Feature", properties: { state }, geometry: { type: "LineString", coordinates: [from, to] } });
}

/** West, south, east, north. */
export type Bounds = [number, number, number, number];

/** The smallest box around the lines; nothing without lines. */
export function boundsOf(lines: readonly GeoJSON.LineString[]): Bounds | null {
  const box: Bounds = [180, 90, -180, -90];
  for (const line of lines) {
    for (const [lon = 0, lat = 0] of line.coordinates) {
      box[0] = Math.min(box[0], lon);
      box[1] = Math.min(box[1], lat);
      box[2] = Math.max(box[2], lon);
      box[3] = Math.max(box[3], lat);
    }
  }
  return box[0] > box[2] ? null : box;
}
