import { expect, test } from "vitest";
import type { PlaceFeature } from "../../api/types";
import { circleIn } from "./place";

const place = (ring: [number, number][]): PlaceFeature => ({
  type: "Feature",
  properties: { id: "p", kind: "port", name_en: "P", name_zh: "港" },
  geometry: { type: "Polygon", coordinates: [[...ring, ring[0] ?? [0, 0]]] },
});

test("the circle of a grant stays inside its place", () => {
  const square = circleIn(place([[0, 0], [0.02, 0], [0.02, 0.02], [0, 0.02]]), "P");
  expect(square).toMatchObject({ name: "P" });
  expect(square?.radiusM).toBeGreaterThan(850);
  expect(square?.radiusM).toBeLessThan(1112);
});

test("a place that is no area has no circle", () => {
  expect(circleIn(place([]), "P")).toBeNull();
});
