// Why something holds or goes on again: a person's words as they were written, or what the platform found, said in the reader's language.
import type { Hold, HoldFinding } from "../../api/types";
import { paperOf } from "../cargo/tree";
import type { Values } from "../i18n/fill";
import { formatCount } from "../i18n/format";
import type { Key } from "../i18n/zh";

export interface Speech {
  tag: string;
  say: (key: Key, values?: Values) => string;
  placeName: (id: string) => string;
}

export function whyWords({ found, text }: { found: HoldFinding | null | undefined; text: string }, speech: Speech): string {
  return found == null ? text : foundWords(found, speech);
}

export const holdWords = ({ found, detail }: Hold, speech: Speech): string => whyWords({ found, text: detail }, speech);

function foundWords(found: HoldFinding, { tag, say, placeName }: Speech): string {
  if (typeof found === "string") return say(`why.${found}`);
  if ("truck-drawn" in found) return say("why.truck-drawn", found["truck-drawn"]);
  if ("books-differ" in found) return say("why.books-differ", { n: formatCount(tag, found["books-differ"].differences) });
  if ("seal-elsewhere" in found) {
    const { place, metres } = found["seal-elsewhere"];
    return say("why.seal-elsewhere", { place: placeName(place), metres: formatCount(tag, metres) });
  }
  const { parent, place, short, over } = found["split-differs"];
  const what = parent == null ? say("why.unit") : paperOf(parent);
  return say("why.split-differs", { what, place: placeName(place), short: formatCount(tag, short), over: formatCount(tag, over) });
}
