// Makes the base map that the screen draws, src/generated/world.geojson, from two packages:
// - @surbowl/world-geo-json-zh (Unlicense): land and state borders at 0.001 degree. Its coast is Natural Earth's; its makers
//   changed the borders to those of the standard maps of China's Ministry of Natural Resources. That does not make it an approved
//   map: an authority brings its own, and the screen says so. Country names are left out on purpose: the map labels places of the trade, not states.
// - echarts 4.9 (Apache-2.0), its map of provinces: only the lines that two provinces share. Its outer border is not used.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { provinceLines } from "./provinces.mjs";

const HOME = "CN";
const require = createRequire(import.meta.url);
const target = resolve(dirname(fileURLToPath(import.meta.url)), "../src/generated/world.geojson");

const load = (name) => JSON.parse(readFileSync(require.resolve(name), "utf8"));
const round = (degrees) => Math.round(degrees * 1000) / 1000;

function reduceRing(ring) {
  const points = ring.map(([lon, lat]) => [round(lon), round(lat)]);
  return points.filter((point, i) => i === 0 || point[0] !== points[i - 1][0] || point[1] !== points[i - 1][1]);
}

function stateFeature({ properties, geometry }) {
  const polygons = geometry.type === "Polygon" ? [geometry.coordinates] : geometry.coordinates;
  const coordinates = polygons.map((rings) => rings.map(reduceRing).filter((ring) => ring.length >= 4));
  return {
    type: "Feature",
    properties: { kind: "state", home: properties.iso_a2 === HOME },
    geometry: { type: "MultiPolygon", coordinates: coordinates.filter((rings) => rings.length > 0) },
  };
}

const states = load("@surbowl/world-geo-json-zh").features.map(stateFeature);
if (!states.some((feature) => feature.properties.home)) {
  throw new Error(`@surbowl/world-geo-json-zh: no country ${HOME}, expected one: has the package changed its shape?`);
}
const provinces = {
  type: "Feature",
  properties: { kind: "province", home: true },
  geometry: { type: "MultiLineString", coordinates: provinceLines(load("echarts/map/json/china.json")).map(reduceRing) },
};
mkdirSync(dirname(target), { recursive: true });
writeFileSync(target, JSON.stringify({ type: "FeatureCollection", features: [...states, provinces] }));
