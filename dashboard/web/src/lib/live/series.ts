// What the bar says of the time series: nothing while they follow the log.
import type { SeriesState } from "../../api/types";

/** Entries that a busy platform takes in within a second or two. */
const BEHIND = 10_000;

export type Follows = { state: "failing" | "behind"; n: number };

export function followsHow({ lag, failing_since }: SeriesState): Follows | null {
  if (failing_since != null) return { state: "failing", n: lag };
  return lag > BEHIND ? { state: "behind", n: lag } : null;
}
