import { expect, it } from "vitest";
import { quoted } from "./foot";

it("keeps every word of a sheet's foot within its string", () => {
  expect(quoted("转关报告 26CNXA01")).toBe('"转关报告 26CNXA01"');
  expect(quoted('a"; } x\\')).toBe('"a\\22 \\3b  \\7d  x\\5c "');
});
