import { expect, test } from "vitest";
import { merged } from "./told";

const row = (id: string, at: number, body = "asked"): { id: string; at: number; body: string } => ({ id, at, body });

test("what was told live stays when a later view does not have it yet", () => {
  expect(merged([row("a", 1)], [row("b", 2, "told")]).map(({ id }) => id)).toEqual(["b", "a"]);
});

test("of one record the newer is shown, and at the same time the one that was told", () => {
  expect(merged([row("a", 1)], [row("a", 2, "told")])).toEqual([row("a", 2, "told")]);
  expect(merged([row("a", 2)], [row("a", 2, "told")])).toEqual([row("a", 2, "told")]);
  expect(merged([row("a", 3)], [row("a", 2, "told")])).toEqual([row("a", 3)]);
});

test("of many the newest stay", () => {
  expect(merged([row("a", 1), row("b", 2)], [row("c", 3)], 2).map(({ id }) => id)).toEqual(["c", "b"]);
});
