// By how much papers differ, where that is a number. Pure.
import type { Difference } from "../../api/types";
import { quantityOf, thousandths } from "./quantity";

const PAPERS = ["declared", "noted", "consigned"] as const;
/** Fields that are quantities of the same thing: codes are none, and beside a line that a paper lacks the ledger tells its whole stock. */
const COUNTED: readonly Difference["field"][] = ["quantity", "weight-kg", "consigned"];

export type Paper = (typeof PAPERS)[number];

/** What a paper has more (+) or less (−) than the ledger, or than the declaration where the ledger says nothing of it. */
export function offBy(difference: Difference): Partial<Record<Paper, string>> {
  const against = difference.ledger ?? difference.declared;
  if (against == null || !COUNTED.includes(difference.field)) return {};
  const off = PAPERS.flatMap((paper): [Paper, string][] => {
    const said = difference[paper];
    const count = said == null ? 0n : thousandths(said) - thousandths(against);
    return count === 0n ? [] : [[paper, count > 0n ? `+${quantityOf(count)}` : `−${quantityOf(-count)}`]];
  });
  return Object.fromEntries(off);
}
