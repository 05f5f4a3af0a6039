// What the bar says of the evidence: the worst first.
import type { LogState } from "../../api/types";

/** A standby that is so far behind counts as up to date: it asks twice a second. */
const BEHIND = 1_000;

export type Kept =
  | { state: "full" }
  | { state: "fault"; n: number }
  | { state: "alone" }
  | { state: "behind"; n: number }
  | { state: "kept" };

export function keptHow(log: LogState): Kept {
  if (log.disk_full) return { state: "full" };
  if (log.scrub_faults > 0) return { state: "fault", n: log.scrub_faults };
  if (log.standby == null) return { state: "alone" };
  const behind = log.entries - log.standby;
  return behind > BEHIND ? { state: "behind", n: behind } : { state: "kept" };
}
