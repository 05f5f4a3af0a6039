import { expect, test } from "vitest";
import { sortQueue, stepInQueue, timeLeft } from "./queue";
import { alert } from "./rows.fixture";

const ids = (rows: { id: number }[]) => rows.map((row) => row.id);

test("the queue shows breaches before checks before health", () => {
  const queue = sortQueue([alert({ id: 1, severity: "grey" }), alert({ id: 2, severity: "red" }), alert({ id: 3, severity: "amber" })]);
  expect(ids(queue)).toEqual([2, 3, 1]);
});

test("within a severity the alert with the least time left comes first, however long it has been open", () => {
  const queue = sortQueue([alert({ id: 1, opened_at: 1, respond_by: 300 }), alert({ id: 2, opened_at: 3, respond_by: 100 }), alert({ id: 3, opened_at: 2, respond_by: 200 })]);
  expect(ids(queue)).toEqual([2, 3, 1]);
});

test("the time left is counted down, then what it is overdue by; who responded has no more to do", () => {
  const left = (given: Parameters<typeof alert>[0], now: number) => timeLeft(alert({ respond_by: 100, ...given }), now);
  expect([left({}, 40), left({}, 130)]).toEqual([60, -30]);
  expect([left({ acknowledged_by: "wang-li" }, 130), left({ cleared_at: 120 }, 130)]).toEqual([null, null]);
});

test("an acknowledged alert waits behind the others of its severity, never behind a lesser one", () => {
  const queue = sortQueue([
    alert({ id: 1, severity: "red", respond_by: 1, acknowledged_by: "wang-li" }),
    alert({ id: 2, severity: "red", respond_by: 9 }),
    alert({ id: 3, severity: "amber", respond_by: 0 }),
  ]);
  expect(ids(queue)).toEqual([2, 1, 3]);
});

test("sorting leaves the given rows alone", () => {
  const rows = [alert({ id: 1, severity: "grey" }), alert({ id: 2, severity: "red" })];
  sortQueue(rows);
  expect(ids(rows)).toEqual([1, 2]);
});

test("moving in the queue enters at the top, steps, and stays at the ends", () => {
  const queue = [alert({ id: 1 }), alert({ id: 2 }), alert({ id: 3 })];
  expect(stepInQueue(queue, null, 1)?.id).toBe(1);
  expect(stepInQueue(queue, 1, 1)?.id).toBe(2);
  expect(stepInQueue(queue, 3, 1)?.id).toBe(3);
  expect(stepInQueue(queue, 1, -1)?.id).toBe(1);
  expect(stepInQueue(queue, 99, 1)?.id).toBe(1);
  expect(stepInQueue([], null, 1)).toBeUndefined();
});
