import { afterEach, expect, test, vi } from "vitest";
import { keepPlace, takePlace } from "./back";

afterEach(() => vi.unstubAllGlobals());

test("a place is given once, and a browser that refuses storage only forgets", () => {
  const kept = new Map<string, string>();
  vi.stubGlobal("sessionStorage", {
    setItem: (key: string, value: string) => kept.set(key, value),
    getItem: (key: string) => kept.get(key) ?? null,
    removeItem: (key: string) => kept.delete(key),
  });
  keepPlace("/alerts/7");
  expect([takePlace(), takePlace()]).toEqual(["/alerts/7", null]);
  vi.stubGlobal("sessionStorage", undefined);
  keepPlace("/alerts/7");
  expect(takePlace()).toBe(null);
});
