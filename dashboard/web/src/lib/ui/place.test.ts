import { expect, test } from "vitest";
import { placeCard } from "./place";

const view = { width: 1000, height: 800 };
const card = { width: 300, height: 200 };

test.each([
  ["below what it points at", { left: 400, top: 100, width: 100, height: 50 }, { left: 300, top: 162 }],
  ["above it at the foot of the screen", { left: 400, top: 700, width: 100, height: 50 }, { left: 300, top: 488 }],
  ["to the right of a column", { left: 0, top: 50, width: 300, height: 740 }, { left: 312, top: 50 }],
  ["to the left of a column on the right", { left: 600, top: 50, width: 400, height: 740 }, { left: 288, top: 50 }],
  ["on the lower edge of what fills the screen", { left: 0, top: 0, width: 1000, height: 800 }, { left: 350, top: 592 }],
])("the card stands %s", (_, target, expected) => {
  expect(placeCard(target, card, view)).toEqual(expected);
});

test("the card does not leave the screen beside what stands in a corner", () => {
  expect(placeCard({ left: 980, top: 10, width: 20, height: 20 }, card, view)).toEqual({ left: 692, top: 42 });
  expect(placeCard({ left: 0, top: 10, width: 20, height: 20 }, card, view)).toEqual({ left: 8, top: 42 });
});
