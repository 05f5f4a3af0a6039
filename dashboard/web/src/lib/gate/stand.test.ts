import { expect, test } from "vitest";
import type { GateDecision, PassCard, ReleaseNote } from "../../api/types";
import { cardStand, gateState, noteStand } from "./stand";

const note = (given: Partial<ReleaseNote>): ReleaseNote => ({
  note: "N-1",
  transfer: "26CN0000000000015",
  truck: "XA-1",
  unit: "CSQU3054383",
  direction: "outbound",
  place: "zone",
  gross_kg: "1",
  issued_at: 0,
  issued_by: "li",
  ...given,
});

test("a release note is issued until it is spent, revoked or out of time", () => {
  expect(noteStand(note({}), 5)).toBe("issued");
  expect(noteStand(note({ not_after: 4 }), 5)).toBe("over");
  expect(noteStand(note({ revoked_at: 1 }), 5)).toBe("revoked");
  expect(noteStand(note({ used: { gate: "g", decision: "d", at: 3 }, not_after: 4 }), 5)).toBe("spent");
});

test("a pass card is good in its time unless it was revoked", () => {
  const content = { card: "C", enterprise: "e", truck: "T", goods: [], not_before: 10, not_after: 20 };
  const card = (given: Partial<PassCard>): PassCard => ({ content, issued_at: 0, issued_by: "li", ...given });
  expect([5, 15, 25].map((now) => cardStand(card({}), now))).toEqual(["early", "valid", "over"]);
  expect(cardStand(card({ revoked_at: 1 }), 15)).toBe("revoked");
});

test("a gate that was alone shows since when, and when it filed", () => {
  const decision = (given: Partial<GateDecision>): GateDecision => ({
    gate: "g1",
    decision: "d",
    place: "zone",
    lane: 1,
    direction: "outbound",
    at: 1,
    verdict: "go",
    reasons: [],
    conflicts: [],
    by: "wang",
    ...given,
  });
  const all = [decision({ at: 9 }), decision({ at: 3, filed_at: 8, verdict: "hold" }), decision({ at: 2, filed_at: 7 }), decision({ gate: "g2", at: 99 })];
  expect(gateState("g1", all)).toEqual({ go: 2, hold: 1, at: 9, alone: 2, aloneSince: 2, filedAt: 8 });
  expect(gateState("g3", all)).toMatchObject({ at: null, alone: 0, aloneSince: null });
});
