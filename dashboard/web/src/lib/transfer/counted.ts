// What customs counts when it verifies: the goods that the ledger has under way for the transfer. Pure.
import type { Posting, VerifiedLine } from "../../api/types";

/** Goods of one status, and how much of them is to be found. */
export type UnderWay = VerifiedLine;

const UNIT = 1000;

function thousandths(quantity: string): number {
  const [whole = "0", part = ""] = quantity.split(".");
  return Number(whole) * UNIT + Number(part.padEnd(3, "0"));
}

function decimal(count: number): string {
  const part = String(count % UNIT).padStart(3, "0").replace(/0+$/, "");
  return `${Math.floor(count / UNIT)}${part === "" ? "" : `.${part}`}`;
}

/** What the postings of a transfer leave under way, by goods and status. */
export function underWay(postings: readonly Posting[]): UnderWay[] {
  const sums = new Map<string, { line: UnderWay; count: number }>();
  for (const { goods, status, quantity, debit, credit } of postings) {
    const sum = sums.get(`${goods} ${status}`) ?? { line: { goods, status, quantity }, count: 0 };
    if (debit === "under-way") sum.count += thousandths(quantity);
    if (credit === "under-way") sum.count -= thousandths(quantity);
    sums.set(`${goods} ${status}`, sum);
  }
  return [...sums.values()].filter(({ count }) => count > 0).map(({ line, count }) => ({ ...line, quantity: decimal(count) }));
}

/** Whether a text is a quantity of the trade: up to twelve digits before the point and three behind it. */
export const isQuantity = (text: string): boolean => /^\d{1,12}(\.\d{1,3})?$/.test(text);
