import { expect, test } from "vitest";
import { isQuantity, quantityOf, thousandths } from "./quantity";

test("a quantity is a decimal number to the thousandth", () => {
  for (const good of ["0", "12.5", "0.001"]) expect(isQuantity(good), good).toBe(true);
  for (const bad of ["", ".5", "1.", "1,5", "-1", "0.0001", "1e3", "01", "1 "]) expect(isQuantity(bad), bad).toBe(false);
});

test("quantities are summed without rounding", () => {
  expect(quantityOf(thousandths("0.1") + thousandths("0.2"))).toBe("0.3");
  expect(quantityOf(thousandths("999999999999.999") * 2n)).toBe("1999999999999.998");
});
