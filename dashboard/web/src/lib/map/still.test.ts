import { expect, test } from "vitest";
import { fitted, mercator, moved, pixelOf, scaleOf, zoomed, zoomOf } from "./camera";
import type { SealFeatures } from "./features";
import { beside, groupsOf } from "./groups";
import { type Label, placed } from "./labels";
import { markOf } from "./marks";
import { groundOf, pathOf } from "./paths";

const SIZE = { width: 800, height: 600 };
const NONE = { top: 0, right: 0, bottom: 0, left: 0 };

test("places lie where Web Mercator has them", () => {
  expect(mercator([0, 0])).toEqual([0.5, 0.5]);
  expect(mercator([180, 85.0511])[1]).toBeCloseTo(0, 5);
  expect(mercator([108.94, 34.34])).toEqual([expect.closeTo(0.80261, 5), expect.closeTo(0.39829, 4)]);
});

test("a box fits into the room that the padding leaves", () => {
  const padding = { top: 30, right: 46, bottom: 56, left: 30 };
  const camera = fitted([100, 20, 120, 40], SIZE, padding);
  const [west, north] = pixelOf(camera, SIZE, mercator([100, 40]));
  const [east, south] = pixelOf(camera, SIZE, mercator([120, 20]));
  expect(north).toBeCloseTo(30);
  expect(south).toBeCloseTo(600 - 56);
  expect((west + east) / 2).toBeCloseTo((30 + 800 - 46) / 2);
});

test("one point, or no room yet, is looked at from no nearer than the nearest", () => {
  expect(zoomOf(fitted([109, 34, 109, 34], SIZE, NONE))).toBe(16);
  expect(zoomOf(fitted([100, 20, 120, 40], { width: 0, height: 0 }, NONE))).toBe(1);
});

test("the ground follows the hand, and the middle stays when the map comes nearer", () => {
  const camera = { x: 0.8, y: 0.4, scale: scaleOf(4) };
  const at = mercator([108.94, 34.34]);
  const [x, y] = pixelOf(camera, SIZE, at);
  const [x2, y2] = pixelOf(moved(camera, 30, -20), SIZE, at);
  expect([x2 - x, y2 - y]).toEqual([expect.closeTo(30), expect.closeTo(-20)]);
  expect(zoomed(camera, 2)).toEqual({ ...camera, scale: scaleOf(5) });
  expect(zoomed(camera, 1e9).scale).toBe(scaleOf(16));
});

type Given = [id: string, lon: number, lat: number, rank?: number];
const seals = (...given: Given[]): SealFeatures => ({
  type: "FeatureCollection",
  features: given.map(([id, lon, lat, rank = 0]) => ({ type: "Feature", properties: { id, rank, silent: false, signed: true }, geometry: { type: "Point", coordinates: [lon, lat] } })),
});

test("seals that would cover one another are one mark, under the worst of them", () => {
  const groups = groupsOf(seals(["A", 109, 34], ["B", 109.01, 34, 3], ["C", 120, 30]), scaleOf(4), true);
  expect(groups.map(({ id, rank, members }) => [id, rank, members.map((member) => member.properties.id)])).toEqual([
    ["B", 3, ["B", "A"]],
    ["C", 0, ["C"]],
  ]);
});

test("near by, and where nothing is put together, each seal has its own mark", () => {
  const two = seals(["A", 109, 34], ["B", 109.01, 34]);
  expect(groupsOf(two, scaleOf(14), true)).toHaveLength(2);
  expect(groupsOf(two, scaleOf(4), false)).toHaveLength(2);
});

test("no two marks are nearer than a finger, however the seals lie, and none is lost", () => {
  let turn = 7;
  const random = () => ((turn = (turn * 1103515245 + 12345) % 2147483648) / 2147483648);
  const many = seals(...Array.from({ length: 2000 }, (_, i): Given => [`S${i}`, 100 + random() * 20, 25 + random() * 15, Math.floor(random() * 4)]));
  const groups = groupsOf(many, scaleOf(4), true);
  expect(groups.reduce((sum, group) => sum + group.members.length, 0)).toBe(2000);
  const gap = 29.99 / scaleOf(4);
  const close = groups.flatMap((a, i) => groups.slice(i + 1).filter((b) => Math.hypot(a.at[0] - b.at[0], a.at[1] - b.at[1]) < gap));
  expect(close).toEqual([]);
});

test("an arrow leads to the mark that lies in its direction", () => {
  const groups = groupsOf(seals(["mid", 110, 30], ["east", 115, 30.5], ["far", 125, 30], ["north", 110, 38]), scaleOf(5), true);
  const mid = groups.find((group) => group.id === "mid")!;
  expect(beside(groups, mid, "ArrowRight")?.id).toBe("east");
  expect(beside(groups, mid, "ArrowUp")?.id).toBe("north");
  expect(beside(groups, mid, "ArrowLeft")).toBeUndefined();
});

const label = (id: string, x: number, y: number, order = 0): Label => ({ id, text: "西安国际港", at: [x, y], order });

test("a name goes where there is room, and the less important one without room is left out", () => {
  expect(placed([label("a", 100, 100)], [], SIZE)[0]).toMatchObject({ x: 100, y: 113 });
  expect(placed([label("a", 100, 100)], [[100, 115]], SIZE)[0]).toMatchObject({ x: 100, y: 87 });
  expect(placed([label("a", 780, 100)], [], SIZE)[0]).toMatchObject({ x: 780 - 27.5 - 8, y: 100 });
  const crowded = [[100, 115], [100, 85], [70, 100], [130, 100]] as const;
  expect(placed([label("a", 100, 100)], crowded, SIZE)).toEqual([]);
  expect(placed([label("late", 100, 100, 2), label("first", 100, 101, 0)], [], SIZE).map(({ id }) => id)[0]).toBe("first");
});

test("outlines become paths of the home country, of its neighbours and of provinces", () => {
  const square = [[0, 0], [90, 0], [90, 45], [0, 0]];
  const world: GeoJSON.FeatureCollection = {
    type: "FeatureCollection",
    features: [
      { type: "Feature", properties: { kind: "state", home: true }, geometry: { type: "MultiPolygon", coordinates: [[square]] } },
      { type: "Feature", properties: { kind: "state" }, geometry: { type: "Polygon", coordinates: [square] } },
      { type: "Feature", properties: { kind: "province", home: true }, geometry: { type: "LineString", coordinates: square.slice(0, 2) } },
    ],
  };
  const ground = groundOf(world);
  expect(ground.home).toBe("M5000.00 5000.00L7500.00 5000.00L7500.00 3597.25L5000.00 5000.00Z");
  expect(ground.states).toBe(ground.home);
  expect(ground.provinces).toBe("M5000.00 5000.00L7500.00 5000.00");
  expect(pathOf({ type: "Point", coordinates: [0, 0] })).toBe("");
});

test("a seal's mark tells its worst alert, its silence, and whether anybody signs for it", () => {
  const mark = (rank: number, silent = false, signed = true) => markOf({ id: "S", rank, silent, signed });
  expect([0, 1, 2, 3].map((rank) => mark(rank))).toEqual(["mark-0", "mark-1", "mark-2", "mark-3"]);
  expect([mark(0, true), mark(3, true), mark(2, false, false)]).toEqual(["mark-silent", "mark-3", "mark-unsigned"]);
});
