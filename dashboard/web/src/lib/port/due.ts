// What comes to an operator's places, and what a unit and its seal are found to be. Pure.
import type { Alert, MovementState, PlaceFeature, Transfer } from "../../api/types";
import { tidy } from "../cargo/number";
import { kmLeft } from "../transfer/eta";

export const placesOf = (party: string, places: readonly PlaceFeature[]): string[] =>
  places.filter((place) => place.properties["operator"] === party).map((place) => place.properties.id);

/** Those that the operator still has to do with; the nearest to being handed over first. */
const RANK: Partial<Record<MovementState, number>> = { arrived: 0, "in-transit": 1, incident: 2, released: 3, unsealed: 4, verified: 4, "handed-over": 5, "unsealing-granted": 5 };

/** Those that are expected within the same five minutes keep their order while they come nearer: nothing jumps under a finger. */
const STEP_MS = 5 * 60_000;

/** `ahead`: milliseconds until it is expected here. The next one comes first; of what nobody can tell a time for, the nearest. */
export function dueAt(transfers: Iterable<Transfer>, places: readonly string[], ahead: (transfer: Transfer) => number | null): Transfer[] {
  const rank = (transfer: Transfer): number => RANK[transfer.state] ?? 9;
  const steps = (transfer: Transfer): number => Math.ceil(Math.max(0, ahead(transfer) ?? Number.MAX_SAFE_INTEGER) / STEP_MS);
  return [...transfers]
    .filter((transfer) => places.includes(transfer.destination) && transfer.state in RANK)
    .sort((a, b) => rank(a) - rank(b) || steps(a) - steps(b) || kmLeft(a) - kmLeft(b) || a.id.localeCompare(b.id));
}

const SOON_MS = 2 * 3_600_000;

/** It is here, or nearly: what an operator makes ready for now. */
export const isSoon = (transfer: Transfer, ahead: number | null): boolean => transfer.state === "arrived" || (ahead !== null && ahead <= SOON_MS);

/** Transfers whose unit, seal or reference has the text in it; all of them without a text. */
export function matching(transfers: readonly Transfer[], text: string): Transfer[] {
  const wanted = tidy(text);
  return transfers.filter(({ id, unit, seal }) => [id, unit, seal].some((number) => number.toUpperCase().includes(wanted)));
}

/** The one whose number is exactly this. */
export function named(transfers: readonly Transfer[], text: string): Transfer | undefined {
  const wanted = tidy(text);
  return transfers.find(({ id, unit, seal }) => [id, unit, seal].some((number) => number.toUpperCase() === wanted));
}

export type CheckName = "unit" | "seal" | "here" | "hold" | "custody" | "alert";

export interface Check {
  name: CheckName;
  /** Nothing while it was not read. */
  ok: boolean | null;
  detail: string;
}

export interface Seen {
  unit: string;
  seal: string;
}

/** What has to be true before a unit is taken over; what stops it first comes first. */
export function checksOf(transfer: Transfer, seen: Seen, places: readonly string[], alerts: Iterable<Alert>): Check[] {
  const read = (name: "unit" | "seal", expected: string): Check => {
    const found = tidy(seen[name]);
    return { name, ok: found === "" ? null : found === expected.toUpperCase(), detail: found === "" ? expected : `${found} / ${expected}` };
  };
  const red = [...alerts].find((alert) => alert.transfer === transfer.id && alert.severity === "red");
  return [
    read("unit", transfer.unit),
    read("seal", transfer.seal),
    { name: "here", ok: places.includes(transfer.destination), detail: transfer.destination },
    { name: "hold", ok: transfer.holds.length === 0, detail: "" },
    { name: "custody", ok: !transfer.custody_held, detail: "" },
    { name: "alert", ok: red === undefined, detail: red?.kind ?? "" },
  ];
}

export type Word = { verdict: "go" } | { verdict: "hold"; reason: CheckName } | { verdict: "reading" };

/** Hold on the first that is wrong, wait for what is not read, and otherwise go. */
export function wordOf(checks: readonly Check[]): Word {
  const wrong = checks.find((check) => check.ok === false);
  if (wrong !== undefined) return { verdict: "hold", reason: wrong.name };
  return checks.some((check) => check.ok === null) ? { verdict: "reading" } : { verdict: "go" };
}
