// What customs counts when it verifies: the goods that the ledger has under way for the transfer. Pure.
import type { Posting, VerifiedLine } from "../../api/types";
import { quantityOf, thousandths } from "../ledger/quantity";

/** Goods of one status, and how much of them is to be found. */
export type UnderWay = VerifiedLine;

/** What the postings of a transfer leave under way, by goods and status. */
export function underWay(postings: readonly Posting[]): UnderWay[] {
  const sums = new Map<string, { line: UnderWay; count: bigint }>();
  for (const { goods, status, quantity, debit, credit } of postings) {
    const sum = sums.get(`${goods} ${status}`) ?? { line: { goods, status, quantity }, count: 0n };
    if (debit === "under-way") sum.count += thousandths(quantity);
    if (credit === "under-way") sum.count -= thousandths(quantity);
    sums.set(`${goods} ${status}`, sum);
  }
  return [...sums.values()].filter(({ count }) => count > 0n).map(({ line, count }) => ({ ...line, quantity: quantityOf(count) }));
}
