// The trade's words that are explained where the reader first meets them.
import { type Key, zh } from "./zh";

type NameOf<K> = K extends `term.${infer Name}` ? Name : never;

export type TermName = NameOf<Key>;

const WORD = "term.";
export const TERMS: readonly TermName[] = Object.keys(zh).flatMap((key) => (key.startsWith(WORD) ? [key.slice(WORD.length) as TermName] : []));
