import { beforeEach, expect, test, vi } from "vitest";
import type { Feature } from "./unsent";
import { dropUnsent, keepUnsent, unsentIds, unsentOf } from "./unsent";

const feature = (id: string): Feature => ({ type: "Feature", properties: { id, kind: "zone", name_en: "Zone", name_zh: "区" }, geometry: { type: "Polygon", coordinates: [[]] } }) as unknown as Feature;

beforeEach(() => {
  const kept = new Map<string, string>();
  const storage = { getItem: (key: string) => kept.get(key) ?? null, setItem: (key: string, value: string) => void kept.set(key, value), removeItem: (key: string) => void kept.delete(key) };
  vi.stubGlobal("sessionStorage", new Proxy(storage, { ownKeys: () => [...kept.keys()], getOwnPropertyDescriptor: () => ({ enumerable: true, configurable: true }) }));
});

test("what was not put is kept by what it is of: in force, planned, or new", () => {
  keepUnsent({ kind: "places", id: "zone-a", from: null }, feature("zone-a"));
  keepUnsent({ kind: "places", id: "zone-b", from: 1000 }, feature("zone-b"));
  keepUnsent({ kind: "places", id: "", from: null }, feature("zone-c"));
  expect(unsentIds("places")).toEqual(new Set(["zone-a", ""]));
  expect(unsentIds("corridors")).toEqual(new Set());
  expect(unsentOf({ kind: "places", id: "zone-b", from: 1000 })?.properties.id).toBe("zone-b");
  expect(unsentOf({ kind: "places", id: "zone-b", from: null })).toBeNull();
  dropUnsent({ kind: "places", id: "zone-a", from: null });
  expect(unsentIds("places")).toEqual(new Set([""]));
});
