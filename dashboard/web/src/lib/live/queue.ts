// The order of the alert queue and how one moves in it. Pure.
import type { Alert, Time } from "../../api/types";
import { rankOf } from "./view";

/** Worst first; within a severity what nobody has acknowledged, then what has the least time left. */
export function sortQueue(alerts: Iterable<Alert>): Alert[] {
  return [...alerts].sort(
    (a, b) =>
      rankOf(b.severity) - rankOf(a.severity) ||
      Number(a.acknowledged_by != null) - Number(b.acknowledged_by != null) ||
      a.respond_by - b.respond_by ||
      a.id - b.id,
  );
}

/** Milliseconds that an officer has left to respond, below 0 once it is overdue; nothing once somebody has, or it is over. */
export function timeLeft(alert: Alert, now: Time): number | null {
  return alert.acknowledged_by != null || alert.cleared_at != null ? null : alert.respond_by - now;
}

/** The alert `step` places away from the chosen one; at the ends it stays, and without a choice it enters at the top. */
export function stepInQueue(queue: readonly Alert[], chosen: number | null, step: 1 | -1): Alert | undefined {
  const at = queue.findIndex((alert) => alert.id === chosen);
  if (at < 0) return queue[0];
  return queue[Math.min(queue.length - 1, Math.max(0, at + step))];
}
