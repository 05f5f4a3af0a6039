import { expect, test } from "vitest";
import { bytesOf, hexOf, utf8 } from "../proof/bytes";
import { type CborMap, encode } from "../proof/cbor";
import { valid } from "../proof/vectors.fixture";
import { decodeEntry } from "./entry";

test("a report's entry shows the report inside it", () => {
  const frame = valid.find((vector) => vector.name === "event sealed");
  const bytes = bytesOf(frame?.bytes ?? "") ?? new Uint8Array();
  const entry = decodeEntry(hexOf(encode(new Map([[0, 0], [1, 5], [2, "XA-7Q2K"], [3, bytes]] as [number, number | string | Uint8Array<ArrayBuffer>][]) as CborMap)));
  expect(entry).toMatchObject({ kind: "report", at: 5, fields: [["device", "XA-7Q2K"]], report: { event: "sealed", ctr: 42 } });
});

test("a command's entry shows who sent what, and that it was signed", () => {
  const body = utf8('{"type":"accept-transfer"}');
  const fields: [number, number | string | Uint8Array<ArrayBuffer>][] = [[0, 2], [1, 9], [2, "li"], [3, "xian"], [4, "customs"], [5, "k"], [6, body], [7, Uint8Array.of(255)]];
  const entry = decodeEntry(hexOf(encode(new Map(fields) as CborMap)));
  expect(entry?.fields).toEqual([["user", "li"], ["party", "xian"], ["role", "customs"], ["key", "k"], ["signature", "ff"]]);
  expect(entry?.json).toContain('"accept-transfer"');
});

test("bytes that are no entry are none", () => {
  expect(decodeEntry("00")).toBeNull();
  expect(decodeEntry("zz")).toBeNull();
});
