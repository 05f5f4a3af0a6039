// What happened to an alert, as lines in the order of time. Pure.
import type { Alert, Exculpation, Revision, Time, Verdict } from "../../api/types";

export type CaseLine = { at: Time } & (
  | { kind: "happened" | "opened" | "cleared" | "explained" | "exculpated" }
  | { kind: "acknowledged"; by: string }
  | { kind: "assigned"; by: string; to: string }
  | { kind: "note"; by: string; text: string }
  | { kind: "dated-back"; from: Time; to: Time }
  | { kind: "reopened" }
  | { kind: "decided" | "decided-before"; by: string; verdict: Verdict; reason: string }
);

export function historyOf(alert: Alert, exculpation: Exculpation | null): CaseLine[] {
  const lines: CaseLine[] = [
    { kind: "happened", at: alert.happened_at },
    { kind: "opened", at: alert.opened_at },
  ];
  if (alert.acknowledged_at != null && alert.acknowledged_by != null) {
    lines.push({ kind: "acknowledged", at: alert.acknowledged_at, by: alert.acknowledged_by });
  }
  if (alert.assigned) lines.push({ kind: "assigned", at: alert.assigned.at, by: alert.assigned.by, to: alert.assigned.to });
  for (const { at, by, text } of alert.notes ?? []) lines.push({ kind: "note", at, by, text });
  for (const revision of alert.revisions ?? []) lines.push(lineOf(revision));
  if (alert.decided) lines.push({ kind: "decided", ...alert.decided });
  if (alert.cleared_at != null) lines.push({ kind: "cleared", at: alert.cleared_at });
  if (exculpation) lines.push({ kind: "exculpated", at: exculpation.at });
  // Of one instant they stay as they were put here: first what happened, then what was made of it.
  return lines.map((line, i) => ({ line, i })).sort((a, b) => a.line.at - b.line.at || a.i - b.i).map(({ line }) => line);
}

function lineOf({ at, change }: Revision): CaseLine {
  if (change === "explained") return { kind: "explained", at };
  if ("dated-back" in change) return { kind: "dated-back", at, ...change["dated-back"] };
  if ("reopened" in change) return { kind: "reopened", at };
  return { kind: "decided-before", ...change["decided-anew"].earlier };
}

/** What an officer may still do with it. */
export function openTo(alert: Alert): { acknowledge: boolean; assign: boolean; decide: boolean } {
  const decidedAt = alert.decided?.at ?? null;
  const revisedAt = alert.revisions?.at(-1)?.at ?? null;
  const revised = decidedAt !== null && revisedAt !== null && revisedAt > decidedAt;
  return { acknowledge: alert.acknowledged_by == null, assign: decidedAt === null, decide: decidedAt === null || revised };
}
