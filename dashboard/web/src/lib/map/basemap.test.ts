import type { LayerSpecification, StyleSpecification } from "maplibre-gl";
import { expect, test } from "vitest";
import { fontOf, over, written } from "./basemap";

const theirs: StyleSpecification = {
  version: 8,
  glyphs: "https://tiles.customs.example/{fontstack}/{range}.pbf",
  sources: { places: { type: "vector", tiles: ["https://tiles.customs.example/{z}/{x}/{y}"] } },
  layers: [
    { id: "ground", type: "background" },
    { id: "places", type: "symbol", source: "places", "source-layer": "p", layout: { "text-font": ["Approved Sans"] } },
  ],
};
const ours: LayerSpecification[] = [{ id: "places", type: "symbol", source: "places", layout: { "text-font": ["Noto Sans"] } }];
const source = { type: "geojson" as const, data: { type: "FeatureCollection" as const, features: [] } };

test("what we draw lies over an authority's map, and the same names do not meet", () => {
  const both = over(theirs, { places: source }, ours);
  expect(both.layers.map((layer) => layer.id)).toEqual(["base-ground", "base-places", "places"]);
  expect(Object.keys(both.sources)).toEqual(["base-places", "places"]);
  expect(both.layers[1]).toMatchObject({ source: "base-places", "source-layer": "p" });
  expect(both.sources["places"]).toBe(source);
});

test("our letters are written in a font that the style's server has", () => {
  expect(fontOf(theirs)).toEqual(["Approved Sans"]);
  expect(over(theirs, {}, ours).layers[2]).toMatchObject({ layout: { "text-font": ["Approved Sans"] } });
});

test("a style without letters leaves ours to the machine's fonts", () => {
  const { glyphs: _, ...silent } = theirs;
  expect(fontOf(silent)).toBeNull();
  expect(written(ours, null)).toEqual(ours);
});
