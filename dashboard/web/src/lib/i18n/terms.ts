// The trade's words that are explained where the reader first meets them.
import type { Key } from "./zh";

type NameOf<K> = K extends `term.${infer Name}` ? Name : never;

export type TermName = NameOf<Key>;
