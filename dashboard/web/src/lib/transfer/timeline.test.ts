import { expect, test } from "vitest";
import type { Arrow, MovementState, Step } from "../../api/types";
import { againstLimit, timelineOf } from "./timeline";

const step = (number: number, arrow: Arrow, at: number): Step => ({ transfer: "T", number, arrow, from: "draft", to: "declared", at, by: "clock" });
const stands = (state: MovementState, steps: Step[]) => timelineOf({ state, due: 500, limit_ms: 480, declared_at: 10 }, steps).map((line) => `${line.arrow} ${line.stand}`);

test("what happened stands before what is planned, and one thing is next", () => {
  expect(stands("accepted", [step(2, "accept", 20), step(1, "declare", 10)]).slice(0, 4)).toEqual(["declare done", "accept done", "seal next", "release later"]);
});

test("a seal that led by itself passes over what people would have done", () => {
  const lines = stands("in-transit", [step(1, "declare", 10), step(2, "seal", 20), step(3, "depart", 30)]);
  expect(lines.slice(0, 6)).toEqual(["declare done", "accept skipped", "seal done", "release skipped", "depart done", "arrive next"]);
});

test("a transfer that was declared and bound at once was declared all the same", () => {
  expect(stands("in-transit", [step(1, "seal", 20)]).slice(0, 3)).toEqual(["declare done", "accept skipped", "seal done"]);
  expect(stands("declared", [])[0]).toBe("declare done");
  expect(stands("draft", [])[0]).toBe("declare next");
});

test("an incident stands where it happened, and a cancelled transfer plans nothing", () => {
  const steps = [step(1, "declare", 1), step(2, "accept", 2), step(3, "seal", 3), step(4, "release", 4), step(5, "depart", 5), step(6, "report-incident", 6)];
  expect(stands("incident", steps).slice(4, 7)).toEqual(["depart done", "report-incident done", "arrive next"]);
  expect(stands("cancelled", [step(1, "declare", 1), step(2, "cancel", 2)])).toEqual(["declare done", "cancel done"]);
});

test("only an arrival is late or early", () => {
  const lines = timelineOf({ state: "arrived", due: 500, limit_ms: 480, declared_at: 10 }, [step(1, "declare", 10), step(2, "arrive", 620)]);
  expect(lines.filter((line) => line.step).map(againstLimit)).toEqual([null, 120]);
});

test("before the release the plan says how long after it the arrival is due", () => {
  const lines = timelineOf({ state: "accepted", due: null, limit_ms: 480, declared_at: 10 }, [step(1, "declare", 10), step(2, "accept", 20)]);
  expect(lines.filter(({ due, within }) => due !== null || within !== null)).toEqual([{ arrow: "arrive", stand: "later", step: null, at: null, due: null, within: 480 }]);
});
