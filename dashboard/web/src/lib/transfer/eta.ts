// When a transfer under way is expected at the end of the leg that it is on, from what its seal said last. Pure.
import type { Time, Transfer } from "../../api/types";
import { positionTime, type SealFix } from "../live/seal";

/** Slower than people walk: it stands, and that says nothing of the way ahead. */
const STANDS_CM_S = 150;
const CM_S_IN_KM_MS = 1e-8;

export const kmLeft = (transfer: Transfer): number => Math.max(0, transfer.length_km - (transfer.progress_km ?? 0));

/** At the seal's speed; where it stands, at what it made on this leg so far. Nothing while nobody can tell. */
export function expectedAt(transfer: Transfer, fix: SealFix | null | undefined): Time | null {
  if (transfer.state !== "in-transit" || transfer.progress_km == null || !fix) return null;
  const from = positionTime(fix);
  const pace = fix.speedCmS > STANDS_CM_S ? fix.speedCmS * CM_S_IN_KM_MS : paceOf(transfer, transfer.progress_km, from);
  return pace > 0 ? Math.round(from + kmLeft(transfer) / pace) : null;
}

/** Km in a millisecond since the limit of the leg began. */
function paceOf({ due, limit_ms }: Transfer, km: number, t: Time): number {
  const ms = due == null || limit_ms == null ? 0 : t - (due - limit_ms);
  return ms > 0 ? km / ms : 0;
}

/** Nobody counts the seconds of an estimate. */
const ANY_MOMENT_MS = 60_000;

export const anyMoment = (expected: Time, now: Time): boolean => Math.abs(expected - now) < ANY_MOMENT_MS;

/** Milliseconds that it is expected after its limit; 0 for in time. */
export const lateBy = (transfer: Transfer, expected: Time): number => (transfer.due == null ? 0 : Math.max(0, expected - transfer.due));

/** Its leg ends at its destination. */
export const onLastLeg = (transfer: Transfer): boolean => transfer.leg + 1 >= transfer.legs.length;
