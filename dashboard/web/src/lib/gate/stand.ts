// How papers of a gate stand, and what its decisions say of it. Pure.
import type { GateDecision, PassCard, ReleaseNote, Time } from "../../api/types";

export type NoteStand = "issued" | "spent" | "revoked" | "over";
export type CardStand = "valid" | "early" | "revoked" | "over";

/** A note lets through once. */
export function noteStand({ used, revoked_at, not_after }: ReleaseNote, now: Time): NoteStand {
  if (used != null) return "spent";
  if (revoked_at != null) return "revoked";
  return not_after != null && not_after < now ? "over" : "issued";
}

export function cardStand({ revoked_at, content }: PassCard, now: Time): CardStand {
  if (revoked_at != null) return "revoked";
  if (now < content.not_before) return "early";
  return content.not_after < now ? "over" : "valid";
}

/** What the newest decisions say of one gate. */
export interface GateState {
  go: number;
  hold: number;
  /** Of its newest decision. */
  at: Time | null;
  /** Decisions that it made alone and filed afterwards. */
  alone: number;
  /** When the earliest of these was made, and when the last one was filed. */
  aloneSince: Time | null;
  filedAt: Time | null;
}

export function gateState(gate: string, decisions: readonly GateDecision[]): GateState {
  const own = decisions.filter((decision) => decision.gate === gate);
  const alone = own.flatMap(({ at, filed_at }) => (filed_at == null ? [] : [{ at, filed: filed_at }]));
  const edge = (pick: (...times: number[]) => number, times: number[]): Time | null => (times.length === 0 ? null : pick(...times));
  return {
    go: own.filter(({ verdict }) => verdict === "go").length,
    hold: own.filter(({ verdict }) => verdict === "hold").length,
    at: edge(Math.max, own.map(({ at }) => at)),
    alone: alone.length,
    aloneSince: edge(Math.min, alone.map(({ at }) => at)),
    filedAt: edge(Math.max, alone.map(({ filed }) => filed)),
  };
}
