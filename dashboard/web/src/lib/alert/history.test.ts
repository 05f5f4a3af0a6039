import { expect, test } from "vitest";
import { alert } from "../live/rows.fixture";
import { historyOf, openTo } from "./history";

const decision = { verdict: "incident" as const, by: "wang", at: 50, reason: "seen by the patrol" };

test("a case tells what happened before what was made of it", () => {
  const lines = historyOf(
    alert({
      opened_at: 10,
      respond_by: 20,
      happened_at: 10,
      acknowledged_at: 20,
      acknowledged_by: "li",
      assigned: { to: "wang", by: "li", at: 20 },
      notes: [{ by: "li", at: 15, text: "patrol sent" }],
      decided: decision,
      cleared_at: 50,
    }),
    null,
  );
  expect(lines.map((line) => line.kind)).toEqual(["happened", "opened", "note", "acknowledged", "assigned", "decided", "cleared"]);
});

test("late evidence stands where it became known, an earlier decision where it was made", () => {
  const lines = historyOf(
    alert({
      opened_at: 10,
      respond_by: 20,
      happened_at: 2,
      revisions: [
        { at: 60, change: { "dated-back": { from: 10, to: 2 } } },
        { at: 70, change: { "decided-anew": { earlier: decision } } },
        { at: 80, change: "explained" },
      ],
      decided: { ...decision, at: 70, verdict: "false-alarm" },
    }),
    null,
  );
  expect(lines.map((line) => [line.kind, line.at])).toEqual([
    ["happened", 2],
    ["opened", 10],
    ["decided-before", 50],
    ["dated-back", 60],
    ["decided", 70],
    ["explained", 80],
  ]);
});

test("a decision stands until late evidence revises the alert", () => {
  expect(openTo(alert({}))).toEqual({ acknowledge: true, assign: true, decide: true });
  expect(openTo(alert({ decided: decision }))).toMatchObject({ assign: false, decide: false });
  expect(openTo(alert({ decided: decision, revisions: [{ at: 51, change: "explained" }] })).decide).toBe(true);
});
