import { expect, test } from "vitest";
import { stepFrom } from "./rows.svelte";

test("a list is entered at its top and left at neither end", () => {
  expect(stepFrom(["a", "b"], null, -1)).toBe("a");
  expect(stepFrom(["a", "b"], "a", 1)).toBe("b");
  expect(stepFrom(["a", "b"], "b", 1)).toBe("b");
  expect(stepFrom(["a", "b"], "a", -1)).toBe("a");
  expect(stepFrom(["a", "b"], "gone", 1)).toBe("a");
  expect(stepFrom([], null, 1)).toBeNull();
});
