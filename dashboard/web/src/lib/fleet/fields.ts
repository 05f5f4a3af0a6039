// What the fields of a declaration are called, so that one that is missing or wrong can be named away from it. Pure.
import type { Values } from "../i18n/fill";
import type { Key } from "../i18n/zh";
import type { DeclarationForm, GoodsForm, Kind } from "./declaration";

export const GOODS_LABELS = {
  goods: "declare.goods",
  hs: "declare.hs",
  nameZh: "declare.nameZh",
  nameEn: "declare.nameEn",
  quantity: "declare.quantity",
  unit: "declare.unit",
  weight: "declare.weight",
  status: "declare.status",
} as const satisfies Record<keyof GoodsForm, Key>;

export const UNIT_LABELS = { container: "declare.unitContainer", air: "declare.unitAir", consolidated: "declare.unitContainer", loose: "declare.unitLoose" } as const satisfies Record<Kind, Key>;

export const paperLabel = (kind: Kind): Key => (kind === "air" ? "declare.awb" : "declare.bill");

/** One label, or one part of the form that has it. */
export type Label = readonly [Key, Values?];

export const legLabel = (legs: number, i: number): Label => (legs === 1 ? ["declare.corridor"] : ["declare.leg", { n: i + 1 }]);

/** The id in the page of the field at a path of the form. */
export const fieldId = (path: string): string => `field-${path}`;

const CARGO = /^consignments\.(\d+)(?:\.houses\.(\d+))?(?:\.lines\.(\d+))?\.(\w+)$/;

/** The field's own label last, before it the consignment, house and goods line that it stands in, where there are several. */
export function labelsOf(path: string, form: DeclarationForm): Label[] {
  const cargo = CARGO.exec(path);
  if (cargo === null) {
    const [head, i] = path.split(".");
    if (head === "corridors") return [legLabel(form.corridors.length, Number(i))];
    return [[head === "seal" ? "declare.seal" : UNIT_LABELS[form.kind]]];
  }
  const [, at, house, line, field] = cargo;
  const consignment = form.consignments[Number(at)];
  const lines = house === undefined ? consignment?.lines : consignment?.houses[Number(house)]?.lines;
  const labels: Label[] = [];
  if (form.consignments.length > 1) labels.push(["declare.consignment", { n: Number(at) + 1 }]);
  if (house !== undefined) labels.push(["declare.houseOf", { n: Number(house) + 1 }]);
  if (line !== undefined && (lines?.length ?? 0) > 1) labels.push(["declare.line", { n: Number(line) + 1 }]);
  if (line !== undefined) return [...labels, [GOODS_LABELS[field as keyof GoodsForm]]];
  return [...labels, [house === undefined ? paperLabel(form.kind) : "declare.house"]];
}
