// The planned life of a transfer beside what happened. Pure.
import type { Arrow, Leg, PlanRule, Step, Time, Transfer } from "../../api/types";

/** The arrows of an undisturbed life, in their order. */
const LIFE: readonly Arrow[] = ["declare", "accept", "seal", "release", "depart", "arrive", "hand-over", "grant-unsealing", "unseal", "verify", "write-off"];

/** Until when a step is planned, and what says so. */
export interface Plan {
  rule: PlanRule;
  /** Nothing until that happened from which it counts. */
  by: Time | null;
  /** Milliseconds from there, while `by` is not known. */
  within: number | null;
  from: "release" | "leg" | "unsealing";
}

export interface TimelineLine {
  /** Of a leg that is not the last one: its end, where the next one begins. */
  arrow: Arrow | "end-leg";
  leg: { number: number; to: string } | null;
  /** Gone, the next one, still to come, or passed over by a seal that went on by itself. */
  stand: "done" | "next" | "later" | "skipped";
  step: Step | null;
  /** When it happened. */
  at: Time | null;
  /** Nothing where nothing plans the step. */
  plan: Plan | null;
}

type Planned = Pick<Transfer, "state" | "declared_at" | "legs" | "leg" | "plan">;

/** What happened in its order, with what the plan still has after it. */
export function timelineOf(transfer: Planned, steps: readonly Step[]): TimelineLine[] {
  const gone = [...steps].sort((a, b) => a.number - b.number);
  const reached = Math.max(transfer.state === "draft" ? -1 : 0, ...gone.map((step) => LIFE.indexOf(step.arrow)));
  const lines = gone.map(goneLine);
  const taken = new Set(gone.map((step) => step.arrow));
  for (const arrow of LIFE.slice(0, reached + 1)) {
    // A transfer that was declared and bound at once has no draft before: its life begins with the declaration.
    if (!taken.has(arrow)) insert(lines, arrow === "declare" ? { ...line(arrow, "done"), at: transfer.declared_at } : line(arrow, "skipped"));
  }
  const stops = transfer.legs.slice(0, -1).map((leg, i) => ({ ...line("end-leg", "later"), leg: { number: i + 1, to: leg.to }, at: leg.ended_at ?? null, plan: planOfLeg(leg, i) }));
  for (const stop of stops.filter(({ at }) => at !== null)) insertByTime(lines, { ...stop, stand: "done" });
  if (transfer.state === "cancelled" || transfer.state === "written-off") return lines;
  const ahead = LIFE.slice(reached + 1).flatMap((arrow) => {
    const coming = { ...line(arrow, "later"), plan: planAhead(transfer, arrow) };
    return arrow === "arrive" ? [...stops.filter(({ at }) => at === null), coming] : [coming];
  });
  return [...lines, ...ahead.map((coming, i): TimelineLine => ({ ...coming, stand: i === 0 ? "next" : "later" }))];
}

function line(arrow: TimelineLine["arrow"], stand: TimelineLine["stand"]): TimelineLine {
  return { arrow, leg: null, stand, step: null, at: null, plan: null };
}

function goneLine(step: Step): TimelineLine {
  const plan: Plan | null = step.planned == null ? null : { ...step.planned, within: null, from: "release" };
  return { ...line(step.arrow, "done"), step, at: step.at, plan };
}

function planAhead(transfer: Planned, arrow: Arrow): Plan | null {
  const planned = transfer.plan.find((step) => step.arrow === arrow);
  if (planned === undefined) return null;
  const from = arrow === "verify" ? "unsealing" : transfer.legs.length > 1 ? "leg" : "release";
  return { rule: planned.rule, by: planned.by ?? null, within: planned.within_ms ?? null, from };
}

function planOfLeg(leg: Leg, i: number): Plan {
  return { rule: "time-limit", by: leg.due ?? null, within: leg.limit_ms, from: i === 0 ? "release" : "leg" };
}

/** Before the first line that the plan has after it. */
function insert(lines: TimelineLine[], added: TimelineLine): void {
  const place = (of: TimelineLine): number => LIFE.findIndex((arrow) => arrow === of.arrow);
  const at = lines.findIndex((other) => place(other) > place(added));
  lines.splice(at < 0 ? lines.length : at, 0, added);
}

/** After the departure, before the first line that happened later. */
function insertByTime(lines: TimelineLine[], added: TimelineLine): void {
  const departed = lines.findIndex(({ arrow }) => arrow === "depart");
  const at = lines.findIndex((other, i) => i > departed && other.at !== null && added.at !== null && other.at > added.at);
  lines.splice(at < 0 ? lines.length : at, 0, added);
}

/** Whether anything is planned at all: else that is said once, not of every step. */
export const plansAny = (lines: readonly TimelineLine[]): boolean => lines.some(({ plan }) => plan !== null);

/** Milliseconds between plan and event, above 0 for late: of what is still to come only once its time has passed. Nothing without a time. */
export function againstPlan({ at, plan, stand }: TimelineLine, now: Time): number | null {
  if (plan?.by == null || stand === "skipped") return null;
  if (at !== null) return at - plan.by;
  return now > plan.by ? now - plan.by : null;
}
