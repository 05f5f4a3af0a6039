import { expect, test } from "vitest";
import { fieldOf, timeOf } from "./effective";

test("a time goes into the field and comes back, to the millisecond", () => {
  for (const time of [1_790_000_040_000, 1_790_000_040_007, 1_790_000_000_000]) expect(timeOf(fieldOf(time))).toBe(time);
  expect(fieldOf(new Date(2026, 2, 7, 8, 5).getTime())).toBe("2026-03-07T08:05");
});

test("an empty field is at once", () => {
  expect([timeOf(""), timeOf("soon"), fieldOf(null)]).toEqual([null, null, ""]);
});
