// GeoJSON as the paths of a still map. Pure.
import { mercator } from "./camera";

/** The world's width in the paths' own measure: two decimals of it are less than 40 m. */
export const WORLD = 10_000;

type Position = readonly number[];

function run(line: readonly Position[], close: boolean): string {
  const points = line.map(([lon = 0, lat = 0]) => mercator([lon, lat]).map((share) => (share * WORLD).toFixed(2)).join(" "));
  return points.length === 0 ? "" : `M${points.join("L")}${close ? "Z" : ""}`;
}

/** Lines as they run, areas with their rims closed; points have no path. */
export function pathOf(geometry: GeoJSON.Geometry): string {
  switch (geometry.type) {
    case "LineString":
      return run(geometry.coordinates, false);
    case "MultiLineString":
      return geometry.coordinates.map((line) => run(line, false)).join("");
    case "Polygon":
      return geometry.coordinates.map((ring) => run(ring, true)).join("");
    case "MultiPolygon":
      return geometry.coordinates.flat().map((ring) => run(ring, true)).join("");
    case "GeometryCollection":
      return geometry.geometries.map(pathOf).join("");
    case "Point":
    case "MultiPoint":
      return "";
  }
}

/** The paths of a base map. */
export interface Ground {
  home: string;
  states: string;
  provinces: string;
}

/** Of what the bundled outlines and an authority's file are made of: `kind`, and whether it is home. */
export function groundOf({ features }: GeoJSON.FeatureCollection): Ground {
  const of = (kind: string, home?: boolean): string =>
    features
      .filter(({ properties }) => properties?.["kind"] === kind && (home === undefined || (properties["home"] === true) === home))
      .map(({ geometry }) => pathOf(geometry))
      .join("");
  return { home: of("state", true), states: of("state", false), provinces: of("province") };
}
