import { expect, test } from "vitest";
import type { Arrow, MovementState, Step, Transfer } from "../../api/types";
import { fill } from "../i18n/fill";
import { differenceWords, plannedWords, stepWords } from "./planned";
import { againstPlan, plansAny, timelineOf } from "./timeline";

type Row = Parameters<typeof timelineOf>[0];

const step = (number: number, arrow: Arrow, at: number, planned: Step["planned"] = null): Step => ({ transfer: "T", number, arrow, from: "draft", to: "declared", at, by: "clock", planned });
const row = (given: Partial<Row> & { state: MovementState }): Row => ({ declared_at: 10, legs: [], leg: 0, plan: [], ...given });
const stands = (state: MovementState, steps: Step[]) => timelineOf(row({ state }), steps).map((line) => `${line.arrow} ${line.stand}`);

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

test("one planned step is a plan, and steps without any are none", () => {
  const lines = timelineOf(row({ state: "accepted" }), [step(1, "declare", 1), step(2, "accept", 2)]);
  expect([plansAny(lines), plansAny([])]).toEqual([false, false]);
  expect(plansAny(timelineOf(row({ state: "accepted", plan: [{ arrow: "verify", rule: "results", by: null, within_ms: 70 }] }), []))).toBe(true);
});

test("a step that is gone stands against what planned it then, one to come against what plans it now, and the others against nothing", () => {
  const gone = [step(1, "declare", 10), step(2, "release", 40, { by: 50, rule: "release-note" }), step(3, "arrive", 620, { by: 500, rule: "time-limit" })];
  const plan: Transfer["plan"] = [{ arrow: "unseal", rule: "grant", by: 900, within_ms: null }, { arrow: "verify", rule: "results", by: null, within_ms: 70 }];
  const lines = timelineOf(row({ state: "arrived", plan }), gone);
  expect(lines.filter((line) => line.step).map((line) => againstPlan(line, 1000))).toEqual([null, -10, 120]);
  const of = (arrow: Arrow) => lines.find((line) => line.arrow === arrow)!;
  expect([againstPlan(of("unseal"), 800), againstPlan(of("unseal"), 1000), againstPlan(of("verify"), 1000)]).toEqual([null, 100, null]);
  expect([of("hand-over").plan, of("verify").plan]).toEqual([null, { rule: "results", by: null, within: 70, from: "unsealing" }]);
});

test("each leg ends by its own time: those behind where they ended, those ahead before the arrival", () => {
  const leg = (corridor: string, to: string) => ({ mode: "road", corridor, from: "somewhere", to, limit_ms: 100 }) as const;
  const legs = [{ ...leg("a", "depot"), due: 150, ended_at: 120 }, { ...leg("b", "border"), due: 220 }, leg("c", "port")];
  const plan: Transfer["plan"] = [{ arrow: "arrive", rule: "time-limit", by: null, within_ms: 100 }];
  const steps = [step(1, "release", 50), step(2, "depart", 60), step(3, "report-incident", 130), step(4, "resume", 140)];
  const lines = timelineOf(row({ state: "in-transit", legs, leg: 1, plan }), steps).filter(({ stand }) => stand !== "skipped");
  expect(lines.map(({ arrow, leg: of, stand }) => `${arrow}${of ? ` ${of.number} ${of.to}` : ""} ${stand}`).slice(1, 8)).toEqual([
    "release done",
    "depart done",
    "end-leg 1 depot done",
    "report-incident done",
    "resume done",
    "end-leg 2 border next",
    "arrive later",
  ]);
  expect(lines.filter(({ leg: of }) => of).map((line) => againstPlan(line, 230))).toEqual([-30, 10]);
  const before = timelineOf(row({ state: "accepted", legs: legs.map(({ corridor, to }) => leg(corridor, to)) }), []).filter(({ leg: of }) => of);
  expect(before.map(({ plan: of }) => of)).toEqual(["release", "leg"].map((from) => ({ rule: "time-limit", by: null, within: 100, from })));
  expect(lines.find(({ arrow }) => arrow === "arrive")?.plan).toEqual({ rule: "time-limit", by: null, within: 100, from: "leg" });
});

for (const [language, tag, said] of [
  ["en", "en-GB", { unplanned: "no time planned", within: "within 2 h of the release (time limit of the corridor)", late: "late by 2 min", early: "early by 3 min", overdue: "overdue by 1 min", leg: "Leg 1 ended at Kashgar" }],
  ["zh", "zh-CN", { unplanned: "未定计划时间", within: "放行后 2 小时 内（走廊时限）", late: "晚 2 分钟", early: "早 3 分钟", overdue: "已逾期 1 分钟", leg: "第 1 段结束，抵达Kashgar" }],
] as const) {
  test(`a line says what was planned and how far off it was (${language})`, () => {
    const words = { language, tag, say: (...of: Parameters<typeof fill> extends [unknown, ...infer Rest] ? Rest : never) => fill(language, ...of) };
    const bare = { arrow: "arrive", leg: null, stand: "done", step: null, at: null, plan: null } as const;
    const by = (at: number) => ({ rule: "time-limit", by: at, within: null, from: "release" }) as const;
    expect(plannedWords(bare, words)).toBe(said.unplanned);
    expect(plannedWords({ ...bare, plan: { ...by(0), by: null, within: 7_200_000 } }, words).replaceAll("  ", " ")).toBe(said.within);
    expect(plannedWords({ ...bare, plan: by(0) }, words)).toContain("1970");
    expect(differenceWords({ ...bare, at: 240_000, plan: by(120_000) }, 0, words)).toEqual({ late: true, words: said.late });
    expect(differenceWords({ ...bare, at: 60_000, plan: by(240_000) }, 0, words)).toEqual({ late: false, words: said.early });
    expect(differenceWords({ ...bare, stand: "later", plan: by(60_000) }, 120_000, words)).toEqual({ late: true, words: said.overdue });
    expect(differenceWords({ ...bare, plan: by(60_000), stand: "later" }, 0, words)).toBeNull();
    expect(stepWords({ ...bare, arrow: "end-leg", leg: { number: 1, to: "kashgar" } }, () => "Kashgar", words)).toBe(said.leg);
  });
}
