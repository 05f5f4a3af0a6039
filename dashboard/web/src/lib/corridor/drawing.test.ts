import { expect, test } from "vitest";
import type { CorridorProperties } from "../../api/types";
import { corridorFeature, type Draft, draftOf, isWhole, lengthKm, type Marks, marksOf, placeFeature, withLast, withMoved, withoutPoint, withPoint } from "./drawing";

const line: Draft = { shape: "line", points: [[100, 30], [101, 30], [102, 30]] };
const properties: CorridorProperties = { id: "a-b", mode: "road", from: "a", to: "b", width_m: 300, length_km: 1, name_en: "A", name_zh: "甲", source: "survey" };

test("a click beside a line goes into the nearest piece, beyond its ends to the ends", () => {
  expect(withPoint(line, [101.4, 30.1]).points.map(([lon]) => lon)).toEqual([100, 101, 101.4, 102]);
  expect(withPoint(line, [103, 30]).points.map(([lon]) => lon)).toEqual([100, 101, 102, 103]);
  expect(withPoint(line, [99, 30]).points.map(([lon]) => lon)).toEqual([99, 100, 101, 102]);
});

test("the first points come in the order of the clicks", () => {
  const drawn = ([[1, 1], [2, 1], [2, 2]] as [number, number][]).reduce(withPoint, { shape: "area", points: [] } as Draft);
  expect(drawn.points).toEqual([[1, 1], [2, 1], [2, 2]]);
  expect([isWhole(drawn), isWhole({ ...drawn, points: drawn.points.slice(1) })]).toEqual([true, false]);
  expect(withPoint(drawn, [1.5, 1.6]).points[3]).toEqual([1.5, 1.6]);
});

test("a point is moved and taken away where it is, to about a metre", () => {
  expect(withMoved(line, 1, [101.1234567, 31]).points[1]).toEqual([101.12346, 31]);
  expect(withoutPoint(line, 1).points).toEqual([[100, 30], [102, 30]]);
});

test("a degree of a meridian is 111 km", () => {
  expect(lengthKm({ shape: "line", points: [[100, 30], [100, 31]] })).toBeCloseTo(111.2, 1);
});

test("a point that is written down comes behind the last one", () => {
  expect(withLast(line, [100.5, 30]).points.at(-1)).toEqual([100.5, 30]);
});

const marks: Marks = { no_signal: [[50, 60], [10, 20]], stops: [[90, 91, 45], [30, 31.5, 20]], waypoints: [[70, 500], [5, 100]] };

test("what is put has the drawn line, its length and its marks in order, and keeps the rest", () => {
  const feature = corridorFeature(line, { ...properties, no_signal: [[1, 2]] }, marks);
  expect(feature.properties).toMatchObject({ source: "survey", length_km: 192.6 });
  expect(draftOf(feature)).toEqual(line);
  expect(marksOf(feature.properties)).toEqual({ no_signal: [[10, 20], [50, 60]], stops: [[30, 31.5, 20], [90, 91, 45]], waypoints: [[5, 100], [70, 500]] });
});

test("marks that were taken away are put no more, and those that are no list are none", () => {
  const bare = corridorFeature(line, { ...properties, ...marks }, { no_signal: [], stops: [], waypoints: [] }).properties;
  expect(Object.keys(bare)).toEqual(Object.keys(properties));
  expect(marksOf({ ...properties, stops: "none" })).toEqual({ no_signal: [], stops: [], waypoints: [] });
});

test("a place's edge is closed when it is put and open while it is drawn", () => {
  const draft: Draft = { shape: "area", points: [[0, 0], [1, 0], [1, 1]] };
  const feature = placeFeature(draft, { id: "p", kind: "zone", name_en: "P", name_zh: "区" });
  expect(feature.geometry.coordinates[0]).toEqual([[0, 0], [1, 0], [1, 1], [0, 0]]);
  expect(draftOf(feature)).toEqual(draft);
});
