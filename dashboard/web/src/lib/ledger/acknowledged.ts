// An imported ledger line by line. Pure.
import type { LedgerImport } from "../../api/types";

const KINDS: Readonly<Record<string, string>> = { json: "application/json", csv: "text/csv", xml: "application/xml" };

/** The content type that the name of a file stands for; nothing for a form that a ledger has not. */
export function kindOf(name: string): string | null {
  return KINDS[name.slice(name.lastIndexOf(".") + 1).toLowerCase()] ?? null;
}

export const takenOf = (found: LedgerImport): number => found.lines - found.refused.length;

/** The runs of lines that were taken: `1–4999, 5001–10000`. */
export function runsOf(taken: LedgerImport["taken"]): string {
  return taken.map(([first, last]) => (first === last ? String(first) : `${first}–${last}`)).join(", ");
}

/** One row for each line, as the acknowledgement that the enterprise takes along. */
export function acknowledgements(found: LedgerImport): string[][] {
  const refused = new Map(found.refused.map((line) => [line.line, line]));
  return Array.from({ length: found.lines }, (_, i) => {
    const line = refused.get(i + 1);
    return [String(i + 1), line ? "refused" : "taken", line?.code ?? "", line?.detail ?? ""];
  });
}
