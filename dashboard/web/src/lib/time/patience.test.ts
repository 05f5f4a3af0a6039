import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { gapFor, LONGEST_MS, Patience, REST_MS } from "./patience";
import { isSoftware } from "../map/support";

let hand = -Infinity;
const moments = { now: () => Date.now(), hand: () => hand };
let drawn: string[] = [];

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000 });
  hand = -Infinity;
  drawn = [];
});
afterEach(() => vi.useRealTimers());

const draw = (what: string) => () => void drawn.push(what);

test("what is asked for while the hand rests is drawn at once", () => {
  new Patience(true, moments).ask("seals", draw("A"));
  expect(drawn).toEqual(["A"]);
});

test("while the hand is busy the map waits, and then shows the newest of each kind once", () => {
  const patience = new Patience(true, moments);
  hand = Date.now();
  for (const name of ["A", "B", "C"]) patience.ask("seals", draw(name));
  patience.ask("chosen", draw("ring"));
  vi.advanceTimersByTime(REST_MS - 1);
  expect(drawn).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(drawn).toEqual(["C", "ring"]);
});

test("a hand that never rests does not keep the map for ever", () => {
  const patience = new Patience(true, moments);
  for (let passed = 0; passed < LONGEST_MS; passed += 100) {
    hand = Date.now();
    patience.ask("seals", draw(String(passed)));
    vi.advanceTimersByTime(100);
  }
  expect(drawn).toHaveLength(1);
});

test("where a graphics card draws, nothing waits for the hand", () => {
  hand = Date.now();
  new Patience(false, moments).ask("chosen", draw("ring"));
  expect(drawn).toEqual(["ring"]);
});

test("between two drawings of many seals lies their gap, and the last one is not lost", () => {
  const patience = new Patience(false, moments);
  for (const name of ["A", "B", "C"]) {
    patience.ask("seals", draw(name), gapFor(10_000, true));
    vi.advanceTimersByTime(500);
  }
  expect(drawn).toEqual(["A"]);
  vi.advanceTimersByTime(500);
  expect(drawn).toEqual(["A", "C"]);
  expect(gapFor(72, false)).toBe(0);
  expect(gapFor(10_000, false)).toBeGreaterThan(gapFor(10_000, true));
});

test("what is gone draws no more", () => {
  const patience = new Patience(true, moments);
  hand = Date.now();
  patience.ask("seals", draw("A"));
  patience.stop();
  vi.advanceTimersByTime(10_000);
  expect(drawn).toEqual([]);
});

test("renderers that compute on the processor are known by their names", () => {
  const processor = ["ANGLE (Google, Vulkan 1.3.0 (SwiftShader Device (Subzero) (0x0000C0DE)), SwiftShader driver)", "llvmpipe (LLVM 15.0.7, 256 bits)", "Microsoft Basic Render Driver", "Apple Software Renderer"];
  const card = ["ANGLE (NVIDIA, NVIDIA GeForce RTX 3060 Direct3D11 vs_5_0 ps_5_0, D3D11)", "Mesa Intel(R) UHD Graphics 620 (KBL GT2)", "Apple M2"];
  expect(processor.map(isSoftware)).toEqual([true, true, true, true]);
  expect(card.map(isSoftware)).toEqual([false, false, false]);
});
