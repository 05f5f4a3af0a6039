import { afterEach, expect, test, vi } from "vitest";
import { attended, watchAttention } from "./attention";

afterEach(() => vi.unstubAllGlobals());

test("nobody is there a minute after the last sign of a person", () => {
  const target = new EventTarget();
  vi.stubGlobal("addEventListener", target.addEventListener.bind(target));
  vi.stubGlobal("removeEventListener", target.removeEventListener.bind(target));
  const stop = watchAttention();
  target.dispatchEvent(new Event("keydown"));
  const now = Date.now();
  expect([attended(now + 59_000), attended(now + 61_000)]).toEqual([true, false]);
  stop();
});
