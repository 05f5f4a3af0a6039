import { expect, test } from "vitest";
import type { LogState } from "../../api/types";
import { keptHow } from "./evidence";

const log = (more: Partial<LogState>): LogState => ({ entries: 10_000, disk_full: false, scrub_faults: 0, ...more });

test("the bar says the worst about the evidence", () => {
  expect(keptHow(log({}))).toEqual({ state: "alone" });
  expect(keptHow(log({ standby: 9_990 }))).toEqual({ state: "kept" });
  expect(keptHow(log({ standby: 4_000 }))).toEqual({ state: "behind", n: 6_000 });
  expect(keptHow(log({ standby: 9_990, scrub_faults: 2 }))).toEqual({ state: "fault", n: 2 });
  expect(keptHow(log({ scrub_faults: 2, disk_full: true }))).toEqual({ state: "full" });
});
