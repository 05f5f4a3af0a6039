// The planned life of a transfer beside what happened. Pure.
import type { Arrow, Step, Time, Transfer } from "../../api/types";

/** The arrows of an undisturbed life, in their order. */
const PLAN: readonly Arrow[] = ["declare", "accept", "seal", "release", "depart", "arrive", "hand-over", "grant-unsealing", "unseal", "verify", "write-off"];

const NO_LIMIT = { due: null, within: null } as const;

export interface TimelineLine {
  arrow: Arrow;
  /** Gone, the next one, still to come, or passed over by a seal that went on by itself. */
  stand: "done" | "next" | "later" | "skipped";
  step: Step | null;
  /** When it happened. */
  at: Time | null;
  /** When it has to have happened; only the arrival has a limit. */
  due: Time | null;
  /** How long after the release that is, in ms: known from the declaration on. */
  within: number | null;
}

/** What happened in its order, with what the plan still has after it. */
export function timelineOf(transfer: Pick<Transfer, "state" | "due" | "limit_ms" | "declared_at">, steps: readonly Step[]): TimelineLine[] {
  const gone = [...steps].sort((a, b) => a.number - b.number);
  const reached = Math.max(transfer.state === "draft" ? -1 : 0, ...gone.map((step) => PLAN.indexOf(step.arrow)));
  const lines: TimelineLine[] = gone.map((step) => ({ arrow: step.arrow, stand: "done", step, at: step.at, ...limitOf(transfer, step.arrow) }));
  const taken = new Set(gone.map((step) => step.arrow));
  for (const arrow of PLAN.slice(0, reached + 1)) {
    // A transfer that was declared and bound at once has no draft before: its life begins with the declaration.
    if (!taken.has(arrow)) insert(lines, arrow === "declare" ? { ...skipped(arrow), stand: "done", at: transfer.declared_at } : skipped(arrow));
  }
  if (transfer.state === "cancelled" || transfer.state === "written-off") return lines;
  PLAN.slice(reached + 1).forEach((arrow, i) => lines.push({ arrow, stand: i === 0 ? "next" : "later", step: null, at: null, ...limitOf(transfer, arrow) }));
  return lines;
}

function limitOf(transfer: Pick<Transfer, "due" | "limit_ms">, arrow: Arrow): Pick<TimelineLine, "due" | "within"> {
  return arrow === "arrive" ? { due: transfer.due ?? null, within: transfer.limit_ms ?? null } : NO_LIMIT;
}

function skipped(arrow: Arrow): TimelineLine {
  return { arrow, stand: "skipped", step: null, at: null, ...NO_LIMIT };
}

/** Before the first line that the plan has after it. */
function insert(lines: TimelineLine[], line: TimelineLine): void {
  const place = PLAN.indexOf(line.arrow);
  const at = lines.findIndex((other) => PLAN.indexOf(other.arrow) > place);
  lines.splice(at < 0 ? lines.length : at, 0, line);
}

/** How long before or after its limit it happened; nothing without a limit or before it happened. */
export function againstLimit(line: TimelineLine): number | null {
  return line.at === null || line.due === null ? null : line.at - line.due;
}
