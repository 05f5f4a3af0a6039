import { expect, test } from "vitest";
import { dictionaries, fill, isKey } from "./fill";
import type { Key } from "./zh";

const keys = Object.keys(dictionaries.zh) as Key[];
const holes = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1]).sort();

test("both languages have the same keys", () => {
  expect(Object.keys(dictionaries.en).sort()).toEqual([...keys].sort());
});

test.each(keys)("%s is not empty and asks for the same values in both languages", (key) => {
  expect(dictionaries.zh[key].trim()).not.toBe("");
  expect(dictionaries.en[key].trim()).not.toBe("");
  expect(holes(dictionaries.en[key])).toEqual(holes(dictionaries.zh[key]));
});

test("values fill their holes and a missing value leaves its hole visible", () => {
  expect(fill("en", "page.forbiddenLead", { user: "wang-li" })).toContain("(wang-li)");
  expect(fill("zh", "bar.quiet")).toContain("{age}");
});

test("words from outside are keys only when the dictionary has them", () => {
  expect(isKey("alert.deviation")).toBe(true);
  expect(isKey("alert.unheard-of")).toBe(false);
  expect(isKey("constructor")).toBe(false);
});
