import { expect, test } from "vitest";
import { readCsv, writeCsv } from "./csv";

test("rows come by the names of the first line, in any order, with their line in the file", () => {
  expect(readCsv("\uFEFFproof,Device\r\nab,SW-1\r\n\r\ncd,SW-2", ["device", "proof"])).toEqual([
    { line: 2, cells: { proof: "ab", device: "SW-1" } },
    { line: 4, cells: { proof: "cd", device: "SW-2" } },
  ]);
});

test("quotes keep commas, quotes and line ends in a cell", () => {
  expect(readCsv('device,note\n"SW-1","a, ""b""\nc"\nSW-2,d', ["device"])).toEqual([
    { line: 2, cells: { device: "SW-1", note: 'a, "b"\nc' } },
    { line: 4, cells: { device: "SW-2", note: "d" } },
  ]);
});

test("a row with too few cells is told, a file without a wanted column is none", () => {
  expect(readCsv("device,proof\nSW-1", ["device", "proof"])).toEqual([{ line: 2, cells: null }]);
  expect(readCsv("device\nSW-1", ["device", "proof"])).toBeNull();
  expect(readCsv("", ["device"])).toBeNull();
});

test("what is written is read again, and no cell is a formula", () => {
  const text = writeCsv(["device", "detail"], [["SW-1", 'a "b", c']]);
  expect(readCsv(text, ["device", "detail"])?.[0]?.cells).toEqual({ device: "SW-1", detail: 'a "b", c' });
  expect(writeCsv(["a"], [["=HYPERLINK(1)"]])).toBe("a\r\n'=HYPERLINK(1)\r\n");
});
