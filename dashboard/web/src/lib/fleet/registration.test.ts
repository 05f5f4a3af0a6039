import { expect, test } from "vitest";
import { Failure } from "../../api/client";
import { idsOf, isSealNumber, register, rowsOf } from "./registration";

const rows = rowsOf([
  { line: 2, cells: { device: "SW-1", public_key: "aa", challenge: "bb", proof: "cc" } },
  { line: 3, cells: null },
]);

test("each row becomes what the platform says of it", async () => {
  const [row, broken] = rows;
  if (row === undefined || broken === undefined) throw new Error("no rows");
  const refusing = (code: string) => async () => {
    throw new Failure(code, 422, "why");
  };
  expect(await register(row, async () => undefined)).toEqual({ stand: "enrolled" });
  expect(await register(row, refusing("device-enrolled"))).toEqual({ stand: "known" });
  expect(await register(row, refusing("proof-invalid"))).toEqual({ stand: "refused", code: "proof-invalid", detail: "why" });
  expect(await register(broken, refusing("never asked"))).toEqual({ stand: "refused", code: "csv.cells", detail: "" });
});

test("a list of seals is taken apart and each seal counted once", () => {
  expect(idsOf(" sw-1\nSW-2, sw-1;\n\nSW-3")).toEqual(["SW-1", "SW-2", "SW-3"]);
});

test("a seal's number is 3 to 32 of A-Z, 0-9 and hyphen, and begins with none", () => {
  expect(["SW-1", "ABC", "0".repeat(32)].map(isSealNumber)).toEqual([true, true, true]);
  expect(["HTTPS://SEALS.EXAMPLE/1", "-SW", "AB", "0".repeat(33), "sw-1", "关锁-1"].map(isSealNumber)).toEqual([false, false, false, false, false, false]);
});
