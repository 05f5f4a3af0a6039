// What is missing or wrong in a declaration, field by field, before it is sent. Pure. The tracker has the last word.
import type { CorridorFeature } from "../../api/types";
import { airWaybillFault, type Fault, paperFault, tidy, unitFault } from "../cargo/number";
import { isQuantity, quantityOf, thousandths } from "../ledger/quantity";
import { type DeclarationForm, type GoodsForm, type Kind, legsOf, unitKindOf, waybill } from "./declaration";

export type FieldFault = Fault | { what: "taken" } | { what: "twice" } | { what: "not-in-parent" } | { what: "differs"; expected: string } | { what: "exceeds"; sum: string; most: string } | { what: "apart" };

/** By the field's path, as in `consignments.0.lines.1.quantity`. */
export type Faults = ReadonlyMap<string, FieldFault>;

const EMPTY: FieldFault = { what: "empty" };

export function amountFault(text: string): Fault | null {
  const given = text.trim();
  if (given === "") return { what: "empty" };
  return isQuantity(given) && thousandths(given) > 0n ? null : { what: "shape" };
}

export const hsFault = (text: string): Fault | null => shapeFault(text, /^[0-9]{6,10}$/);
const goodsFault = (text: string): Fault | null => shapeFault(text, /^[A-Za-z0-9-]{1,32}$/);
const unitOfMeasureFault = (text: string): Fault | null => shapeFault(text, /^[A-Z0-9]{2,3}$/);
const nameFault = (text: string): Fault | null => shapeFault(text, /^[^\p{Cc}]{1,200}$/u);

function shapeFault(text: string, shape: RegExp): Fault | null {
  if (text.trim() === "") return { what: "empty" };
  return shape.test(text.trim()) ? null : { what: "shape" };
}

/** What is known of the carrier's seals: those that the declaration can have, and one that the platform refused it for being bound. */
export interface Seals {
  free: readonly string[];
  refused: string;
}

export function faultsOf(form: DeclarationForm, corridors: readonly CorridorFeature[], seals: Seals): Faults {
  const faults = new Map<string, FieldFault>();
  const note = (path: string, fault: FieldFault | null): void => {
    if (fault !== null && !faults.has(path)) faults.set(path, fault);
  };
  note("unit", unitFault(unitKindOf(form.kind), tidy(form.unit)));
  note("seal", sealFault(form.seal, seals));
  wayFaults(form, corridors, note);
  const masters = new Set<string>();
  form.consignments.forEach(({ paper, lines, houses }, i) => {
    const at = `consignments.${i}`;
    note(`${at}.paper`, masterFault(form.kind, paper) ?? twice(masters, form.kind === "air" ? waybill(paper) : paper.trim()));
    lineFaults(at, lines, note);
    const claimed = new Map<string, bigint>();
    const names = new Set<string>();
    houses.forEach((house, j) => {
      const below = `${at}.houses.${j}`;
      note(`${below}.paper`, paperFault(house.paper.trim()) ?? twice(names, house.paper.trim()));
      lineFaults(below, house.lines, note);
      claimFaults(below, house.lines, { held: lines, claimed }, note);
    });
  });
  return faults;
}

function sealFault(seal: string, { free, refused }: Seals): FieldFault | null {
  if (seal === "") return EMPTY;
  return seal === refused || !free.includes(seal) ? { what: "taken" } : null;
}

type Note = (path: string, fault: FieldFault | null) => void;

function wayFaults({ corridors: chosen }: DeclarationForm, corridors: readonly CorridorFeature[], note: Note): void {
  chosen.forEach((id, i) => note(`corridors.${i}`, id === "" ? EMPTY : null));
  legsOf({ corridors: chosen } as DeclarationForm, corridors)?.forEach((leg, i, legs) => {
    const before = legs[i - 1];
    if (before !== undefined && before.properties.to !== leg.properties.from) note(`corridors.${i}`, { what: "apart" });
  });
}

const masterFault = (kind: Kind, paper: string): Fault | null => (kind === "air" ? airWaybillFault(tidy(paper)) : paperFault(paper.trim()));

function twice(known: Set<string>, name: string): FieldFault | null {
  if (known.has(name)) return { what: "twice" };
  known.add(name);
  return null;
}

const kindOf = (line: GoodsForm): string => `${line.goods.trim()} ${line.status}`;

function lineFaults(at: string, lines: readonly GoodsForm[], note: Note): void {
  const known = new Set<string>();
  lines.forEach((line, i) => {
    const own = `${at}.lines.${i}`;
    note(`${own}.goods`, goodsFault(line.goods) ?? twice(known, kindOf(line)));
    note(`${own}.hs`, hsFault(line.hs));
    note(`${own}.nameZh`, nameFault(line.nameZh));
    note(`${own}.nameEn`, nameFault(line.nameEn));
    note(`${own}.quantity`, amountFault(line.quantity));
    note(`${own}.unit`, unitOfMeasureFault(line.unit));
    note(`${own}.weight`, amountFault(line.weight));
  });
}

/** Houses take from their master what it has, in its terms, and together no more of it. Bonded goods never count for others. */
function claimFaults(at: string, lines: readonly GoodsForm[], master: { held: readonly GoodsForm[]; claimed: Map<string, bigint> }, note: Note): void {
  lines.forEach((line, i) => {
    const own = `${at}.lines.${i}`;
    if (goodsFault(line.goods) !== null) return;
    const held = master.held.find((candidate) => kindOf(candidate) === kindOf(line));
    if (held === undefined) return note(`${own}.goods`, { what: "not-in-parent" });
    if (held.hs.trim() !== line.hs.trim()) note(`${own}.hs`, { what: "differs", expected: held.hs.trim() });
    if (held.unit.trim() !== line.unit.trim()) note(`${own}.unit`, { what: "differs", expected: held.unit.trim() });
    if (amountFault(line.quantity) !== null || amountFault(held.quantity) !== null) return;
    const [sum, most] = [(master.claimed.get(kindOf(line)) ?? 0n) + thousandths(line.quantity), thousandths(held.quantity)];
    master.claimed.set(kindOf(line), sum);
    if (sum > most) note(`${own}.quantity`, { what: "exceeds", sum: quantityOf(sum), most: quantityOf(most) });
  });
}
