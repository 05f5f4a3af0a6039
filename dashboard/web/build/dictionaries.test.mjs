import { expect, test } from "vitest";
import { faultsOf, unknownKeys } from "./dictionaries.mjs";

test("a key that one language lacks or leaves empty is named with the language", () => {
  expect(faultsOf("en", { "a.kept": "kept", "a.empty": " " }, { "a.kept": "有", "a.empty": "有", "a.lost": "有" })).toEqual(["a.empty: empty in en", "a.lost: not in en"]);
});

test("a text that is asked for and that no dictionary has is found, and nothing else is", () => {
  const code = 't("a.kept"); t( "a.lost", { n: 1 }); at("a.b"); list.t("a.c"); t(`a.${kind}`); t("a-b" in it ? "a.kept" : "a.kept")';
  expect(unknownKeys(code, { "a.kept": "有" })).toEqual(["a.lost"]);
});
