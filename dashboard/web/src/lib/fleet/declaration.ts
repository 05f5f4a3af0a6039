// From what a carrier fills in to the commands of a declaration. Pure.
import type { Command, CorridorFeature, MechanicalSeal, TransportDocument } from "../../api/types";
import { iso6346Digit, tidy, type UnitKind } from "../cargo/number";

export const KINDS = ["container", "air", "consolidated", "loose"] as const;
export type Kind = (typeof KINDS)[number];
export const STATUSES = ["bonded", "non-bonded", "in-transit"] as const;
/** So many legs may a transfer have. */
export const LEGS_LIMIT = 16;

/** One kind of goods of one status. */
export interface GoodsForm {
  goods: string;
  hs: string;
  nameZh: string;
  nameEn: string;
  quantity: string;
  unit: string;
  weight: string;
  status: (typeof STATUSES)[number];
}

/** A house waybill under its master. */
export interface HouseForm {
  paper: string;
  lines: GoodsForm[];
}

export interface ConsignmentForm {
  paper: string;
  lines: GoodsForm[];
  houses: HouseForm[];
}

export interface DeclarationForm {
  transfer: string;
  kind: Kind;
  unit: string;
  seal: string;
  /** The corridor of each leg, in their order. */
  corridors: string[];
  consignments: ConsignmentForm[];
}

export const emptyGoods = (): GoodsForm => ({ goods: "", hs: "", nameZh: "", nameEn: "", quantity: "", unit: "PCE", weight: "", status: "bonded" });
export const emptyConsignment = (): ConsignmentForm => ({ paper: "", lines: [emptyGoods()], houses: [] });

/** Of the goods of a master: what lies in the house is a part of it, in the same terms. */
export const houseUnder = (master: ConsignmentForm): HouseForm => ({ paper: "", lines: master.lines.map((line) => ({ ...line, quantity: "", weight: "" })) });

/** So many consignments does a kind have at least, and whether it may have more. */
export const consignmentsOf = (kind: Kind): { least: number; more: boolean } => ({ least: kind === "consolidated" ? 2 : 1, more: kind === "consolidated" || kind === "air" });

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

/** The legs as corridors; nothing where one is not chosen yet. */
export function legsOf({ corridors: chosen }: DeclarationForm, corridors: readonly CorridorFeature[]): CorridorFeature[] | null {
  const legs = chosen.flatMap((id) => corridors.find((corridor) => corridor.properties.id === id) ?? []);
  return legs.length > 0 && legs.length === chosen.length ? legs : null;
}

/** Where the way may go on from its last leg, without coming back to a place where it was. */
export function waysOn(kind: Kind, legs: readonly CorridorFeature[], corridors: readonly CorridorFeature[]): CorridorFeature[] {
  const last = legs.at(-1)?.properties.to;
  const been = legs.map(({ properties }) => properties.from);
  return last === undefined ? waysFor(kind, corridors) : waysFor(kind, corridors).filter(({ properties }) => properties.from === last && !been.includes(properties.to));
}

const documentOf = (kind: Kind, paper: string): TransportDocument => (kind === "air" ? { "master-air-waybill": waybill(paper) } : { "bill-of-lading": paper.trim() });

/** As it is printed, with its hyphen: both ways to type it are one number. */
export function waybill(paper: string): string {
  const digits = tidy(paper).replace("-", "");
  return `${digits.slice(0, 3)}-${digits.slice(3)}`;
}

const linesOf = (lines: readonly GoodsForm[]) =>
  lines.map((line) => ({
    goods: { goods: line.goods.trim(), hs: line.hs.trim(), unit: line.unit.trim(), status: line.status, quantity: line.quantity.trim(), weight_kg: line.weight.trim() },
    description_zh: line.nameZh.trim(),
    description_en: line.nameEn.trim(),
  }));

export type Step = "draft" | "bind" | "submit";

/** The three commands of a form without faults, in their order; a master stands before its houses. */
export function declarationCommands(form: DeclarationForm, carrier: string, corridors: readonly CorridorFeature[], mechanical: readonly MechanicalSeal[] = []): { step: Step; command: Command }[] | null {
  const legs = legsOf(form, corridors)?.map(({ properties }) => properties);
  const [first, last] = [legs?.[0], legs?.at(-1)];
  if (legs === undefined || first === undefined || last === undefined) return null;
  const { transfer, seal, kind } = form;
  const unit = tidy(form.unit);
  const consignments = form.consignments.flatMap(({ paper, lines, houses }) => {
    const document = documentOf(kind, paper);
    const master = { document, owner: carrier, lines: linesOf(lines) };
    return [master, ...houses.map((house) => ({ document: { "house-air-waybill": { master: waybill(paper), house: house.paper.trim() } }, parent: document, owner: carrier, lines: linesOf(house.lines) }))];
  });
  const way = { origin: first.from, destination: last.to, corridor: first.id, legs: legs.map(({ mode, id }) => ({ mode, corridor: id })) };
  return [
    { step: "draft", command: { type: "draft-transfer", transfer, carrier, unit, seal, ...way, consignments } },
    { step: "bind", command: { type: "bind-seal", transfer, unit, seal, mechanical: [...mechanical] } },
    { step: "submit", command: { type: "submit-transfer", transfer } },
  ];
}

/** The cargo of a draft, said anew. */
export function cargoCommand(steps: readonly { command: Command }[], transfer: string): Command {
  const draft = steps.map(({ command }) => command).find((command) => command.type === "draft-transfer");
  return { type: "declare-cargo", transfer, consignments: draft?.consignments ?? [] };
}

/** The form as another kind of cargo, with all that such a one can have. */
export function refitted(form: DeclarationForm, kind: Kind, corridors: readonly CorridorFeature[]): DeclarationForm {
  const { least, more } = consignmentsOf(kind);
  const air = kind === "air" || form.kind === "air";
  const rows = form.consignments.slice(0, more ? undefined : 1).map((row) => ({ ...row, paper: air ? "" : row.paper, houses: kind === "air" ? row.houses : [] }));
  const goes = form.corridors.every((id) => waysFor(kind, corridors).some(({ properties }) => properties.id === id));
  return {
    ...form,
    kind,
    unit: unitKindOf(kind) === unitKindOf(form.kind) ? form.unit : "",
    corridors: goes ? form.corridors : [""],
    consignments: [...rows, ...Array.from({ length: Math.max(0, least - rows.length) }, emptyConsignment)],
  };
}
