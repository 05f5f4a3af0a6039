import { expect, test } from "vitest";
import { bytesOf, hexOf } from "./bytes";
import { decode, encode, NotCbor, Tagged } from "./cbor";

const read = (hex: string) => decode(bytesOf(hex) ?? new Uint8Array());

test("the examples of RFC 8949 are read", () => {
  for (const [hex, value] of [
    ["00", 0],
    ["1818", 24],
    ["1903e8", 1000],
    ["1b000000e8d4a51000", 1000000000000],
    ["3903e7", -1000],
    ["f93c00", 1],
    ["f90001", 5.960464477539063e-8],
    ["fa47c35000", 100000],
    ["fbc010666666666666", -4.1],
    ["f5", true],
    ["6449455446", "IETF"],
    ["83010203", [1, 2, 3]],
  ] as const) {
    expect(read(hex), hex).toEqual(value);
  }
  expect(read("4401020304")).toEqual(Uint8Array.of(1, 2, 3, 4));
  expect(read("a201020304")).toEqual(new Map([[1, 2], [3, 4]]));
  expect(read("c11a514b67b0")).toEqual(new Tagged(1, 1363896240));
});

test("what is cut short, trails, repeats a key or promises too much is refused", () => {
  for (const hex of ["19", "0000", "a201020103", "9a7fffffff", "ff", "1bffffffffffffffff", ""]) {
    expect(() => read(hex), hex).toThrow(Error);
  }
  expect(() => read("0000")).toThrow(NotCbor);
});

test("what was read is written as it was", () => {
  for (const hex of ["00", "1818", "190100", "1a00010000", "1b000000e8d4a51000", "6449455446", "4401020304", "a2000201f6".slice(0, 6) + "0105", "83010203"]) {
    expect(hexOf(encode(read(hex))), hex).toBe(hex);
  }
});
