// The tree of consignments in a unit, and what was counted of it. Pure.
import type { Cargo, Command, Consignment, TransportDocument } from "../../api/types";

/** As it is printed, and as the platform names it: a house waybill under its master. */
export function paperOf(document: TransportDocument): string {
  if ("bill-of-lading" in document) return document["bill-of-lading"];
  if ("master-air-waybill" in document) return document["master-air-waybill"];
  const { master, house } = document["house-air-waybill"];
  return `${master}:${house}`;
}

const named = (document: TransportDocument | null | undefined): string => (document == null ? "" : paperOf(document));

export interface Splittable {
  /** Nothing: the sealed unit itself. */
  parent: TransportDocument | null;
  children: Consignment[];
}

/** What can still be parted: the unit, and every consignment with others in it. */
export function splittable(cargo: Cargo): Splittable[] {
  const present = cargo.consignments.filter((consignment) => !consignment.withdrawn);
  const parents: (TransportDocument | null)[] = [null, ...present.map((consignment) => consignment.document)];
  const done = new Set(cargo.splits.map((split) => named(split.parent)));
  return parents
    .map((parent) => ({ parent, children: present.filter((child) => named(child.parent) === named(parent)) }))
    .filter(({ parent, children }) => children.length > 0 && !done.has(named(parent)));
}

export interface Count {
  found: string;
  damaged: string;
}

export const countKey = (document: TransportDocument, line: number): string => `${paperOf(document)} ${line}`;

/** What a person wrote beside each line; what was not touched is as declared and whole. */
export function splitCommand(transfer: string, place: string, { parent, children }: Splittable, counts: ReadonlyMap<string, Count>, note: string): Command {
  const found = children.map(({ document, lines }) => ({
    document,
    lines: lines.map(({ goods }, i) => {
      const count = counts.get(countKey(document, i));
      return { goods: goods.goods, status: goods.status, quantity: count?.found.trim() || goods.quantity, damaged: count?.damaged.trim() || "0" };
    }),
  }));
  return { type: "split-cargo", transfer, place, ...(parent === null ? {} : { parent }), found, note };
}

export interface Branch {
  consignment: Consignment;
  children: Branch[];
}

/** The consignments as they lie in each other; what was withdrawn stands where it lay. One whose parent is not told lies in the unit. */
export function branchesOf({ consignments }: Pick<Cargo, "consignments">): Branch[] {
  const branches = new Map(consignments.map((consignment): [string, Branch] => [paperOf(consignment.document), { consignment, children: [] }]));
  const roots: Branch[] = [];
  for (const branch of branches.values()) (branches.get(named(branch.consignment.parent))?.children ?? roots).push(branch);
  return roots;
}

/** How a consignment stands: declared and not sealed yet, under a seal, opened, parted from what it lay in, or declared anew without it. */
export type ConsignmentStand = "declared" | "sealed" | "opened" | "parted" | "withdrawn";

export function standOf({ withdrawn, parted, seals }: Pick<Consignment, "withdrawn" | "parted" | "seals">): ConsignmentStand {
  if (withdrawn) return "withdrawn";
  if (parted != null) return "parted";
  const last = seals.at(-1);
  if (last === undefined) return "declared";
  return last.until == null ? "sealed" : "opened";
}
