import { expect, test } from "vitest";
import type { HoldFinding } from "../../api/types";
import { fill, type Language } from "../i18n/fill";
import { whyWords } from "./why";

const speak = (language: Language, found: HoldFinding | null): string =>
  whyWords({ found, text: "a box less" }, { tag: language, say: (key, values) => fill(language, key, values), placeName: (id) => (id === "port-a" ? "青岛港" : id) });

test.each([
  ["left-unreleased", "未经放行", "without a release"],
  ["let-go-alone", "离线", "alone"],
  [{ "truck-drawn": { truck: "陕A·88888" } }, "陕A·88888", "陕A·88888"],
  [{ "books-differ": { differences: 3 } }, "3 处", ": 3"],
  ["books-agree", "相符", "agree"],
  [{ "seal-elsewhere": { place: "port-a", metres: 12500 } }, "青岛港，关锁位置距该处 12,500 米", "青岛港, the seal says 12,500 m"],
  [{ "split-differs": { parent: { "bill-of-lading": "B-1" }, place: "port-a", short: 2, over: 1 } }, "B-1 在青岛港分拨时短少 2 行、溢出 1 行", "B-1 was split at 青岛港, lines short: 2, over: 1"],
  [{ "split-differs": { place: "port-a", short: 2, over: 1 } }, "施封单元", "the sealed unit"],
  ["unanswered", "未答复", "not answered"],
  ["reply-not-accepted", "未获认可", "accepted in time"],
] as [HoldFinding, string, string][])("what the platform found is said in the reader's language: %j", (found, zh, en) => {
  expect(speak("zh", found)).toContain(zh);
  expect(speak("en", found)).toContain(en);
});

test("a person's words stay as they were written", () => {
  expect(speak("zh", null)).toBe("a box less");
});
