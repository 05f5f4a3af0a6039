// Numbers that are printed on units and papers, as the platform checks them. Pure. The tracker has the last word.

export type UnitKind = "container" | "uld" | "loose";

/** What is wrong with a number. */
export type Fault = { what: "empty" } | { what: "shape" } | { what: "check-digit"; found: string; expected: string };

/** ISO 6346: letters count 10 to 38 without the multiples of 11, each place twice the one before. */
export function iso6346Digit(body: string): number {
  const sum = [...body].reduce((total, sign, at) => total + valueOf(sign) * 2 ** at, 0);
  return (sum % 11) % 10;
}

function valueOf(sign: string): number {
  if (/[0-9]/.test(sign)) return Number(sign);
  const place = sign.charCodeAt(0) - 65 + 10;
  return place + Math.floor((place - 1) / 10);
}

export function containerFault(text: string): Fault | null {
  if (text === "") return { what: "empty" };
  if (!/^[A-Z]{3}[UJZ][0-9]{7}$/.test(text)) return { what: "shape" };
  return digitFault(text.slice(-1), iso6346Digit(text.slice(0, 10)));
}

/** Three digits of the airline, a hyphen or none, seven of the serial, and the serial mod 7. */
export function airWaybillFault(text: string): Fault | null {
  if (text === "") return { what: "empty" };
  if (!/^[0-9]{3}-?[0-9]{8}$/.test(text)) return { what: "shape" };
  const digits = text.replace("-", "");
  return digitFault(digits.slice(-1), Number(digits.slice(3, 10)) % 7);
}

export function uldFault(text: string): Fault | null {
  if (text === "") return { what: "empty" };
  return /^[A-Z]{3}[0-9]{4,5}[A-Z0-9]{2,3}$/.test(text) ? null : { what: "shape" };
}

export function looseFault(text: string): Fault | null {
  if (text === "") return { what: "empty" };
  return /^[^\s\p{C}]{1,32}$/u.test(text) ? null : { what: "shape" };
}

/** A bill of lading's or a house waybill's. */
export function paperFault(text: string): Fault | null {
  if (text === "") return { what: "empty" };
  return /^[A-Za-z0-9-]{1,35}$/.test(text) ? null : { what: "shape" };
}

export function unitFault(kind: UnitKind, text: string): Fault | null {
  return { container: containerFault, uld: uldFault, loose: looseFault }[kind](text);
}

function digitFault(found: string, digit: number): Fault | null {
  const expected = String(digit);
  return found === expected ? null : { what: "check-digit", found, expected };
}

/** As people type and scanners read: without spaces, in capitals. */
export const tidy = (text: string): string => text.replace(/\s+/g, "").toUpperCase();
