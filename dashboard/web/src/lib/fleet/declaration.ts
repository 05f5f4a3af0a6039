// From what a carrier fills in to the commands of a declaration, and what is still missing. Pure.
import type { Command, CorridorFeature, MechanicalSeal, TransportDocument } from "../../api/types";
import { airWaybillFault, type Fault, iso6346Digit, paperFault, tidy, unitFault, type UnitKind } from "../cargo/number";

export const KINDS = ["container", "air", "consolidated", "loose"] as const;
export type Kind = (typeof KINDS)[number];
export const STATUSES = ["bonded", "non-bonded", "in-transit"] as const;

export interface ConsignmentForm {
  paper: string;
  goods: string;
  hs: string;
  nameZh: string;
  nameEn: string;
  quantity: string;
  unit: string;
  weight: string;
  status: (typeof STATUSES)[number];
}

export interface DeclarationForm {
  transfer: string;
  kind: Kind;
  unit: string;
  seal: string;
  corridor: string;
  consignments: ConsignmentForm[];
}

export const emptyConsignment = (): ConsignmentForm => ({ paper: "", goods: "", hs: "", nameZh: "", nameEn: "", quantity: "", unit: "PCE", weight: "", status: "bonded" });

/** A reference shaped as an MRN: year, country, 13 signs, and the check digit of ISO 6346 over those. */
export function freshReference(year: number, random: Uint8Array): string {
  const SIGNS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
  const serial = [...random.slice(0, 13)].map((byte) => SIGNS[byte % SIGNS.length] ?? "0").join("");
  const body = `${String(year % 100).padStart(2, "0")}CN${serial.padEnd(13, "0")}`;
  return `${body}${iso6346Digit(body)}`;
}

export const unitKindOf = (kind: Kind): UnitKind => ({ container: "container", air: "uld", consolidated: "container", loose: "loose" } as const)[kind];

/** The corridors that a kind of cargo can go along. */
export function waysFor(kind: Kind, corridors: readonly CorridorFeature[]): CorridorFeature[] {
  return corridors.filter(({ properties }) => (kind === "air") === (properties.mode === "air") || (kind === "air" && properties.mode === "road"));
}

export const unitFaultOf = (form: DeclarationForm): Fault | null => unitFault(unitKindOf(form.kind), tidy(form.unit));
export const paperFaultOf = (kind: Kind, paper: string): Fault | null => (kind === "air" ? airWaybillFault(tidy(paper)) : paperFault(paper.trim()));

const AMOUNT = /^(0|[1-9][0-9]{0,11})(\.[0-9]{1,3})?$/;
export const amountFault = (text: string): Fault | null => (text.trim() === "" ? { what: "empty" } : AMOUNT.test(text.trim()) && Number(text) > 0 ? null : { what: "shape" });
export const hsFault = (text: string): Fault | null => (text.trim() === "" ? { what: "empty" } : /^[0-9]{6,10}$/.test(text.trim()) ? null : { what: "shape" });
const needed = (text: string): Fault | null => (text.trim() === "" ? { what: "empty" } : null);

/** How many fields are missing or wrong. */
export function missing(form: DeclarationForm): number {
  const faults = [unitFaultOf(form), needed(form.seal), needed(form.corridor)];
  for (const line of form.consignments) {
    faults.push(paperFaultOf(form.kind, line.paper), needed(line.goods), hsFault(line.hs), needed(line.nameZh), needed(line.nameEn), amountFault(line.quantity), needed(line.unit), amountFault(line.weight));
  }
  const twice = new Set(form.consignments.map((line) => line.paper.trim())).size < form.consignments.length;
  return faults.filter((fault) => fault !== null).length + (twice ? 1 : 0);
}

function documentOf(kind: Kind, paper: string): TransportDocument {
  return kind === "air" ? { "master-air-waybill": tidy(paper) } : { "bill-of-lading": paper.trim() };
}

export type Step = "draft" | "bind" | "submit";

/** The three commands, in their order; nothing where something is missing. */
export function declarationCommands(form: DeclarationForm, carrier: string, corridors: readonly CorridorFeature[], mechanical: readonly MechanicalSeal[] = []): { step: Step; command: Command }[] | null {
  const way = corridors.find((corridor) => corridor.properties.id === form.corridor)?.properties;
  if (way === undefined || missing(form) > 0) return null;
  const { transfer, seal } = form;
  const unit = tidy(form.unit);
  const consignments = form.consignments.map((line) => ({
    document: documentOf(form.kind, line.paper),
    owner: carrier,
    lines: [
      {
        goods: { goods: line.goods.trim(), hs: line.hs.trim(), unit: line.unit.trim(), status: line.status, quantity: line.quantity.trim(), weight_kg: line.weight.trim() },
        description_zh: line.nameZh.trim(),
        description_en: line.nameEn.trim(),
      },
    ],
  }));
  return [
    { step: "draft", command: { type: "draft-transfer", transfer, carrier, unit, seal, origin: way.from, destination: way.to, corridor: way.id, consignments } },
    { step: "bind", command: { type: "bind-seal", transfer, unit, seal, mechanical: [...mechanical] } },
    { step: "submit", command: { type: "submit-transfer", transfer } },
  ];
}
