import { expect, test } from "vitest";
import type { Places } from "../../api/types";
import { SILENT_AFTER_MS } from "../live/counters";
import { device } from "../live/rows.fixture";
import { sealOfDevice, sealOfTerminal } from "../live/seal";
import { boundsOf, placePoints, sealFeatures, trailFeatures } from "./features";

test("a seal is a point that carries the rank of its worst alert", () => {
  const { features } = sealFeatures([sealOfDevice(device({}))], new Map([["ES-1", { open: 1, worst: "red" as const }]]), 1000);
  expect(features).toHaveLength(1);
  expect(features[0]).toMatchObject({ properties: { id: "ES-1", rank: 3, silent: false }, geometry: { coordinates: [109, 34] } });
});

test("a terminal of another maker is told apart from a seal", () => {
  const last = { number: 3, received_at: 1000, fix: { t: 900, lat: 34, lon: 109, speed_cm_s: 0, heading_ddeg: 0 } };
  const seals = [sealOfDevice(device({})), sealOfTerminal({ id: "TRUCK-7", owner: "silk-road-rail", last })];
  expect(sealFeatures(seals, new Map(), 1000).features.map((feature) => feature.properties.signed)).toEqual([true, false]);
});

test("a seal without a position is not on the map", () => {
  expect(sealFeatures([sealOfDevice(device({ last: null }))], new Map(), 0).features).toEqual([]);
});

test("only a seal on a transfer falls silent", () => {
  const late = 1001 + SILENT_AFTER_MS;
  const seals = [sealOfDevice(device({})), sealOfDevice(device({ id: "ES-2", transfer: null }))];
  expect(sealFeatures(seals, new Map(), late).features.map((feature) => feature.properties.silent)).toEqual([true, false]);
});

test("a trail follows the counters, not the order of arrival, and skips reports without a fix", () => {
  const trail = trailFeatures([
    { ctr: 3, t: 3, lat: 3, lon: 103 },
    { ctr: 1, t: 1, lat: 1, lon: 101 },
    { ctr: 2, t: 2 },
  ]);
  expect(trail.features[0]?.geometry).toMatchObject({ coordinates: [[101, 1], [103, 3]] });
  expect(trailFeatures([{ ctr: 1, t: 1, lat: 1, lon: 1 }]).features).toEqual([]);
});

test("a place without a centre is labelled in the middle of its ring", () => {
  const ring = [[0, 0], [2, 0], [2, 2], [0, 2]];
  const places: Places = {
    type: "FeatureCollection",
    features: [{ type: "Feature", properties: { id: "p", kind: "port", name_en: "P", name_zh: "港" }, geometry: { type: "Polygon", coordinates: [ring] } }],
  };
  expect(placePoints(places).features[0]?.geometry.coordinates).toEqual([1, 1]);
});

test("the map fits around all corridors, or around nothing", () => {
  expect(boundsOf([{ type: "LineString", coordinates: [[100, 30], [120, 20]] }])).toEqual([100, 20, 120, 30]);
  expect(boundsOf([])).toBeNull();
});
