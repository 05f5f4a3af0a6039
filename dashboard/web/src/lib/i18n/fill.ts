// Dictionaries without state, so that tests and the reactive side share them.
import { en } from "./en";
import { type Dictionary, type Key, zh } from "./zh";

export type Language = "zh" | "en";
export type Values = Readonly<Record<string, string | number>>;

export const dictionaries: Readonly<Record<Language, Dictionary>> = { zh, en };

/** The text of a key, `{name}` replaced by the value of that name. */
export function fill(language: Language, key: Key, values: Values = {}): string {
  return dictionaries[language][key].replace(/\{(\w+)\}/g, (hole, name: string) => String(values[name] ?? hole));
}

/** True for words that arrive from the API (alert kinds, states) and have a translation. */
export function isKey(key: string): key is Key {
  return Object.hasOwn(zh, key);
}
