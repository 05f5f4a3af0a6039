import { expect, test } from "vitest";
import type { Places, TrackPoint } from "../../api/types";
import { SILENT_AFTER_MS } from "../live/counters";
import { device, terminal, trackPoint } from "../live/rows.fixture";
import { sealOfDevice, sealOfTerminal } from "../live/seal";
import { boundsOf, placePoints, sealFeatures, trailFeatures, trailState } from "./features";

test("a seal is a point that carries the rank of its worst alert", () => {
  const { features } = sealFeatures([sealOfDevice(device({}))], new Map([["ES-1", { open: 1, worst: "red" as const }]]), 1000);
  expect(features).toHaveLength(1);
  expect(features[0]).toMatchObject({ properties: { id: "ES-1", rank: 3, silent: false }, geometry: { coordinates: [109, 34] } });
});

test("a terminal of another maker is told apart from a seal", () => {
  const last = { number: 3, t: 900, received_at: 1000, event: "periodic" as const, status: 0, fix: { t: 900, lat: 34, lon: 109, speed_cm_s: 0, heading_ddeg: 0 } };
  const seals = [sealOfDevice(device({})), sealOfTerminal(terminal({ last }))];
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

const at = (ctr: number, more: Partial<TrackPoint> = {}) => trackPoint({ ctr, lat: ctr, lon: 100 + ctr, ...more });
const pieces = (points: TrackPoint[]) =>
  trailFeatures(points).features.map(({ properties, geometry }) => [properties?.["state"], geometry.type === "LineString" ? geometry.coordinates.map(([lon = 0]) => lon - 100) : []]);

test("a trail follows the counters, not the order of arrival, and skips reports without a fix", () => {
  expect(pieces([at(3), at(1), trackPoint({ ctr: 2 })])).toEqual([["signed", [1, 3]]]);
  expect(pieces([at(1)])).toEqual([]);
});

test("a trail shows where reports are missing and where the seal was not closed", () => {
  const opened = { status: 0x83 };
  expect(pieces([at(1), at(2), at(5), at(6, opened), at(7, opened), at(8)])).toEqual([
    ["signed", [1, 2]],
    ["gap", [2, 5]],
    ["open", [5, 6, 7]],
    ["signed", [7, 8]],
  ]);
});

test("a way that nobody signed is of one state, whatever its numbers and what the terminal says of itself", () => {
  expect(trailFeatures([at(1), at(2), at(5, { status: 0 })], "unsigned").features.map(({ properties }) => properties?.["state"])).toEqual(["unsigned"]);
});

test("only a closed seal under its epoch key signs a way", () => {
  expect(trailState(0x187)).toBe("signed");
  for (const status of [0x87, 0x18f, 0x186, 0x103]) expect(trailState(status), status.toString(16)).toBe("open");
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
