import { expect, test } from "vitest";
import type { By, EntryHead, Step } from "../../api/types";
import { causeOf } from "./prove";

const step = (arrow: Step["arrow"], by: By): Step => ({ transfer: "T-1", number: 1, arrow, from: "sealed", to: "released", at: 5, by });
const entry = (given: Partial<EntryHead>): EntryHead => ({ seq: 1, at: 5, kind: "command", signed: false, user: "li", subject: "T-1", ...given });

test("a person's step is made by that person's command about the transfer", () => {
  const entries = [entry({ seq: 1, subject: "T-2" }), entry({ seq: 2, user: "wang" }), entry({ seq: 3 })];
  expect(causeOf(step("release", { user: "li" }), entries)?.seq).toBe(3);
  expect(causeOf(step("release", { user: "zhao" }), entries)).toBeNull();
  expect(causeOf(step("release", { signed: { user: "li", key: "d75a980182b10ab7" } }), entries)?.seq).toBe(3);
});

test("a grant and the reversal of a posting do not name the transfer", () => {
  expect(causeOf(step("grant-unsealing", { user: "li" }), [entry({ seq: 4, subject: "00ff" })])?.seq).toBe(4);
  expect(causeOf(step("reverse-write-off", { user: "li" }), [entry({ seq: 5, user: "wang" }), entry({ seq: 6, subject: "17" })])?.seq).toBe(6);
});

test("a standing order acts on whatever came", () => {
  const by: By = { order: { order: "night", officer: "li" } };
  expect(causeOf(step("accept", by), [entry({ seq: 9, kind: "report", user: null, subject: null })])?.seq).toBe(9);
  expect(causeOf(step("accept", by), [])).toBeNull();
});
