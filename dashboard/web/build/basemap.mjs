// Reduces the world map of @surbowl/world-geo-json-zh (Unlicense; borders after China's Ministry of Natural Resources) to what
// the screen draws: geometry at 0.001 degree and whose it is. Country names are left out on purpose: the map labels places of
// the trade, not states.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const HOME = "CN";
const here = dirname(fileURLToPath(import.meta.url));
const source = createRequire(import.meta.url).resolve("@surbowl/world-geo-json-zh");
const target = resolve(here, "../src/generated/world.geojson");

const round = (degrees) => Math.round(degrees * 1000) / 1000;

function reduceRing(ring) {
  const points = ring.map(([lon, lat]) => [round(lon), round(lat)]);
  return points.filter((point, i) => i === 0 || point[0] !== points[i - 1][0] || point[1] !== points[i - 1][1]);
}

function reduceFeature({ properties, geometry }) {
  const polygons = geometry.type === "Polygon" ? [geometry.coordinates] : geometry.coordinates;
  const coordinates = polygons.map((rings) => rings.map(reduceRing).filter((ring) => ring.length >= 4));
  return {
    type: "Feature",
    properties: { home: properties.iso_a2 === HOME },
    geometry: { type: "MultiPolygon", coordinates: coordinates.filter((rings) => rings.length > 0) },
  };
}

const world = JSON.parse(readFileSync(source, "utf8"));
const features = world.features.map(reduceFeature);
if (!features.some((feature) => feature.properties.home)) {
  throw new Error(`${source}: no country ${HOME}, expected one: has the package changed its shape?`);
}
mkdirSync(dirname(target), { recursive: true });
writeFileSync(target, JSON.stringify({ type: "FeatureCollection", features }));
