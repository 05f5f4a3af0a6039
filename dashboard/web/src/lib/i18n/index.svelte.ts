// The language of the interface: switchable at once, kept in the browser.
import { recall, remember } from "../session/memory";
import { fill, isKey, type Language, type Values } from "./fill";
import type { Key } from "./zh";

function preferred(): Language {
  const kept = recall("language");
  if (kept === "zh" || kept === "en") return kept;
  return navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en";
}

let language = $state<Language>(preferred());

const TAGS: Readonly<Record<Language, string>> = { zh: "zh-CN", en: "en-GB" };

export const locale = {
  get language(): Language {
    return language;
  },
  /** The BCP 47 tag for `<html lang>` and `Intl`. */
  get tag(): string {
    return TAGS[language];
  },
  /** The other language, and its tag. */
  get other(): { language: Language; tag: string } {
    const other = language === "zh" ? "en" : "zh";
    return { language: other, tag: TAGS[other] };
  },
  choose(next: Language): void {
    language = next;
    remember("language", next);
  },
};

export function t(key: Key, values?: Values): string {
  return fill(language, key, values);
}

/** The trade's word for an alert kind; an unknown kind is shown as it came. */
export function alertName(kind: string): string {
  const key = `alert.${kind}`;
  return isKey(key) ? t(key) : kind;
}

/** A count of a gateway in words; an unknown one is shown as it came. */
export function countName(word: string): string {
  const key = `count.${word}`;
  return isKey(key) ? t(key) : word;
}

/** What a refused step needs first, in words; a need without words is shown as it came. */
export function needText(need: string): string {
  const key = `need.${need}`;
  return isKey(key) ? t(key) : need;
}

/** What to tell a person about a problem code of the API. */
export function problemText(code: string): string {
  const key = `error.${code}`;
  return isKey(key) ? t(key) : t("error.other", { code });
}

/** Why a line of a ledger was refused; some codes mean another thing there than elsewhere. */
export function lineText(code: string): string {
  const key = `line.${code}`;
  return isKey(key) ? t(key) : problemText(code);
}

/** The name in the chosen language of something that has both. */
export function nameOf(named: { name_zh: string; name_en: string }): string {
  return language === "zh" ? named.name_zh : named.name_en;
}
