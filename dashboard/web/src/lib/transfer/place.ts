// A circle around a place of the map, for grants. Pure.
import type { PlaceFeature } from "../../api/types";
import { placePoints } from "../map/features";

export interface Place {
  name: string;
  lat: number;
  lon: number;
  radiusM: number;
}

const METRES_PER_DEGREE = 111_195;
const LEAST_M = 50;

/** The largest circle around the place's centre that stays inside its edge. */
export function circleIn(feature: PlaceFeature, name: string): Place | null {
  const [lon, lat] = placePoints({ type: "FeatureCollection", features: [feature] }).features[0]?.geometry.coordinates ?? [];
  const ring = feature.geometry.coordinates[0] ?? [];
  if (lon === undefined || lat === undefined || ring.length < 4) return null;
  const narrow = Math.cos((lat * Math.PI) / 180);
  const flat = ring.map(([x = 0, y = 0]): [number, number] => [(x - lon) * narrow * METRES_PER_DEGREE, (y - lat) * METRES_PER_DEGREE]);
  const nearest = Math.min(...flat.slice(1).map((end, i) => distanceToEdge(flat[i] ?? end, end)));
  return { name, lat, lon, radiusM: Math.max(LEAST_M, Math.floor(nearest)) };
}

/** From the origin to the piece of a line between two points. */
function distanceToEdge([ax, ay]: [number, number], [bx, by]: [number, number]): number {
  const [dx, dy] = [bx - ax, by - ay];
  const length = dx * dx + dy * dy;
  const share = length === 0 ? 0 : Math.min(1, Math.max(0, -(ax * dx + ay * dy) / length));
  return Math.hypot(ax + share * dx, ay + share * dy);
}
