// The four figures on top of the page, and the filters of the table behind them. Pure.
import type { Severity, Time, Transfer } from "../../api/types";
import { byUnit, rankOf, tallyByTransfer, type LiveView, type Tallies } from "./view";

export const SILENT_AFTER_MS = 30 * 60 * 1000;

/** Silence is judged by the minute, so that thousands of transfers are not gone through every second. */
export const minuteOf = (now: Time): Time => Math.floor(now / 60_000) * 60_000;

export type Filter = "all" | "in-transit" | "alerts" | "silent" | "arrived";

export interface Counters {
  inTransit: number;
  openAlerts: number;
  silent: number;
  arrived: number;
}

/** Under way, and nothing heard of its seal for longer than 30 minutes (or ever). */
export function isSilent(view: LiveView, transfer: Transfer, now: Time): boolean {
  if (transfer.state !== "in-transit") return false;
  const heard = view.seals.get(transfer.seal)?.receivedAt;
  return heard == null || now - heard > SILENT_AFTER_MS;
}

export function countView(view: LiveView, now: Time): Counters {
  const counters: Counters = { inTransit: 0, openAlerts: view.alerts.size, silent: 0, arrived: 0 };
  for (const transfer of view.transfers.values()) {
    if (transfer.state === "in-transit") counters.inTransit += 1;
    if (transfer.state === "arrived") counters.arrived += 1;
    if (isSilent(view, transfer, now)) counters.silent += 1;
  }
  return counters;
}

function passes(view: LiveView, tallies: Tallies, transfer: Transfer, filter: Filter, now: Time): boolean {
  switch (filter) {
    case "all":
      return true;
    case "in-transit":
    case "arrived":
      return transfer.state === filter;
    case "alerts":
      return tallies.has(transfer.id);
    case "silent":
      return isSilent(view, transfer, now);
  }
}

export interface Row {
  transfer: Transfer;
  open: number;
  worst: Severity | null;
}

/** Rows of the table: filtered, searched in the three numbers, what needs eyes first. */
export function tableRows(view: LiveView, filter: Filter, search: string, now: Time): Row[] {
  const tallies = tallyByTransfer(view.alerts.values());
  const needle = search.trim().toUpperCase();
  const matches = (transfer: Transfer): boolean =>
    needle === "" || [transfer.unit, transfer.seal, transfer.id].some((number) => number.toUpperCase().includes(needle));
  const [alarmed, quiet]: [Row[], Row[]] = [[], []];
  for (const transfer of view.transfers.values()) {
    if (!passes(view, tallies, transfer, filter, now) || !matches(transfer)) continue;
    const tally = tallies.get(transfer.id);
    if (tally) alarmed.push({ transfer, ...tally });
    else quiet.push({ transfer, open: 0, worst: null });
  }
  alarmed.sort((a, b) => rankOf(b.worst) - rankOf(a.worst) || byUnit(a.transfer, b.transfer));
  return [...alarmed, ...quiet.sort((a, b) => byUnit(a.transfer, b.transfer))];
}
