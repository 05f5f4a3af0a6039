// Which postings of the double-entry book can still be taken back. Pure.
import type { Posting } from "../../api/types";

/** A write-off that no counter-entry took back. */
export function reversible(posting: Posting, all: readonly Posting[]): boolean {
  return posting.debit === "written-off" && posting.reverses == null && !all.some((other) => other.reverses === posting.id);
}
