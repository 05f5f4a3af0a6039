// What the next shift must know, out of the rows as they stand. Pure.
import type { Alert, Arrow, Grant, Held, Hold, HoldFinding, Step, Time, Transfer, Verdict } from "../../api/types";
import { deedsOf } from "../grants/deeds";
import { timeLeft } from "../live/queue";
import { rankOf } from "../live/view";
import { personOf } from "../transfer/signer";

const HOUR_MS = 3_600_000;

export const HOURS = [8, 12] as const;
export type Hours = (typeof HOURS)[number];

/** The shift that ends now, and the one of the same length after it. */
export interface Shift {
  from: Time;
  to: Time;
  next: Time;
}

export function shiftOf(now: Time, hours: Hours): Shift {
  return { from: now - hours * HOUR_MS, to: now, next: now + hours * HOUR_MS };
}

export interface OpenAlert {
  alert: Alert;
  transfer: Transfer | undefined;
  /** What is left to respond to it, below zero once that is overdue; nothing once somebody has. */
  leftMs: number | null;
  /** Who has it; nobody has seen to it where this is empty. */
  holder: { how: "decided" | "assigned" | "acknowledged"; user: string } | null;
}

/** Worst first; within a severity what has least time left to respond, and what was responded to last. */
export function openAlerts(alerts: Iterable<Alert>, transfers: ReadonlyMap<string, Transfer>, now: Time): OpenAlert[] {
  const rows = [...alerts].map((alert): OpenAlert => {
    const transfer = alert.transfer == null ? undefined : transfers.get(alert.transfer);
    return { alert, transfer, leftMs: timeLeft(alert, now), holder: holderOf(alert) };
  });
  const left = (row: OpenAlert): number => row.leftMs ?? Number.POSITIVE_INFINITY;
  return rows.sort((a, b) => rankOf(b.alert.severity) - rankOf(a.alert.severity) || compare(left(a), left(b)) || a.alert.opened_at - b.alert.opened_at || a.alert.id - b.alert.id);
}

/** Two that have no time are equal, which a difference of infinities is not. */
const compare = (a: number, b: number): number => (a === b ? 0 : a < b ? -1 : 1);

function holderOf(alert: Alert): OpenAlert["holder"] {
  // A decision does not end what the seal goes on to report.
  if (alert.decided) return { how: "decided", user: alert.decided.by };
  if (alert.assigned) return { how: "assigned", user: alert.assigned.to };
  return alert.acknowledged_by == null ? null : { how: "acknowledged", user: alert.acknowledged_by };
}

const ARRIVED: readonly Transfer["state"][] = ["arrived", "handed-over", "unsealing-granted", "unsealed", "verified", "written-off", "cancelled"];
const OVER: readonly Transfer["state"][] = ["written-off", "cancelled"];

function leftOf(transfer: Transfer | undefined, now: Time): number | null {
  return transfer?.due == null || ARRIVED.includes(transfer.state) ? null : transfer.due - now;
}

export interface Holding {
  transfer: Transfer;
  /** Nothing where the seal's custody stopped and no hold was put. */
  hold: Hold | null;
}

/** One row for each hold, the oldest first. */
export function heldTransfers(transfers: Iterable<Transfer>): Holding[] {
  const rows = [...transfers]
    .filter((transfer) => !OVER.includes(transfer.state))
    .flatMap((transfer): Holding[] => [...transfer.holds.map((hold) => ({ transfer, hold })), ...(transfer.custody_held ? [{ transfer, hold: null }] : [])]);
  return rows.sort((a, b) => (a.hold?.since ?? a.transfer.state_since) - (b.hold?.since ?? b.transfer.state_since));
}

/** Not arrived, and over the limit or bound to be there before the next shift ends; the most pressing first. */
export function pressingTransfers(transfers: Iterable<Transfer>, shift: Shift): { transfer: Transfer; leftMs: number }[] {
  return [...transfers]
    .map((transfer) => ({ transfer, leftMs: leftOf(transfer, shift.to) }))
    .filter((row): row is { transfer: Transfer; leftMs: number } => row.leftMs !== null && row.leftMs <= shift.next - shift.to)
    .sort((a, b) => a.leftMs - b.leftMs);
}

/** Proposed and not countersigned, or given and not used; the one that ends first comes first. */
export function pendingGrants(grants: Iterable<Grant>, now: Time): Grant[] {
  return [...grants].filter((grant) => ["proposed", "given"].includes(deedsOf(grant, null, now).stand)).sort((a, b) => a.not_after - b.not_after);
}

export type Deed = { at: Time; by: string } & (
  | { what: "step"; arrow: Arrow; transfer: string }
  | { what: "verdict"; verdict: Verdict; reason: string; alert: Alert }
  | { what: "hold" | "lift"; reason: string; found: HoldFinding | null; transfer: string }
  | { what: "grant"; grant: Grant }
);

/** What customs decides; the other arrows are gone by carriers, operators and seals. */
const CUSTOMS: readonly Arrow[] = ["accept", "seal", "release", "resume", "grant-unsealing", "revoke-grant", "verify", "write-off", "reverse-write-off", "cancel"];

export interface Facts {
  steps: readonly Step[];
  alerts: readonly Alert[];
  /** Put or lifted in the shift. */
  holds: readonly Held[];
  grants: readonly Grant[];
}

/** What people decided in the shift, in the order of time. Nothing is too late for it: the server had it when it was asked, and this clock knows the server's to half a second only. */
export function deedsIn({ from }: Pick<Shift, "from">, { steps, alerts, holds, grants }: Facts): Deed[] {
  const deeds: Deed[] = [];
  for (const { arrow, at, by, transfer } of steps) {
    const person = personOf(by);
    if (person !== null && CUSTOMS.includes(arrow)) deeds.push({ what: "step", at, by: person, arrow, transfer });
  }
  for (const alert of alerts) if (alert.decided) deeds.push({ what: "verdict", ...alert.decided, alert });
  for (const { transfer, hold, lifted } of holds) {
    const [putter, lifter] = [personOf(hold.by), lifted ? personOf(lifted.by) : null];
    if (putter !== null) deeds.push({ what: "hold", at: hold.since, by: putter, reason: hold.detail, found: hold.found ?? null, transfer });
    if (lifted && lifter !== null) deeds.push({ what: "lift", at: lifted.at, by: lifter, reason: lifted.reason, found: lifted.found ?? null, transfer });
  }
  // A grant that was given is a step of its transfer; one that waits for the second officer is none yet.
  for (const grant of grants) if (grant.standing === "proposed") deeds.push({ what: "grant", at: grant.at, by: grant.proposed_by, grant });
  return deeds.filter(({ at }) => at >= from).sort((a, b) => a.at - b.at);
}

/** How often each arrow of customs was gone without a person: by a standing order, a gate or a time limit. */
export function automaticIn({ from }: Pick<Shift, "from">, steps: readonly Step[]): { arrow: Arrow; count: number }[] {
  const counts = new Map<Arrow, number>();
  for (const { arrow, at, by } of steps) {
    if (at < from || personOf(by) !== null || !CUSTOMS.includes(arrow)) continue;
    counts.set(arrow, (counts.get(arrow) ?? 0) + 1);
  }
  return CUSTOMS.flatMap((arrow) => (counts.has(arrow) ? [{ arrow, count: counts.get(arrow) ?? 0 }] : []));
}
