import { expect, test } from "vitest";
import { bytesOf } from "./bytes";
import { keyIdOf } from "../keys/signing";
import { parseSign1, verifySign1 } from "./cose";
import { decodeReport, STATUS } from "./report";
import { invalid, valid } from "./vectors.fixture";

const frame = (hex: string) => parseSign1(bytesOf(hex) ?? new Uint8Array());
const reports = valid.filter((vector) => vector.kind === "report");

test("every report of the golden vectors says what its content says", () => {
  expect(reports.length).toBeGreaterThan(20);
  for (const { name, bytes, content } of reports) {
    const report = decodeReport(frame(bytes)?.payload ?? new Uint8Array());
    expect(report, name).toMatchObject({ ctr: content["ctr"], epoch: content["epoch"], prev: content["prev"], t: content["t"] });
    const bits = STATUS.reduce((sum, bit, place) => sum + (report?.status.includes(bit) ? 2 ** place : 0), 0);
    expect(bits, name).toBe((content["status"] as number) % 512);
    expect(report?.battery ?? null, name).toBe(content["battery"] ?? null);
    const fix = content["fix"] as number[] | undefined;
    expect(report?.fix?.lat ?? null, name).toBe(fix ? (fix[0] ?? 0) / 1e7 : null);
  }
});

test("the signature of every report of the golden vectors is good, and names its key", async () => {
  for (const { name, bytes, aad, public_key } of reports) {
    const sign1 = frame(bytes);
    if (!sign1) throw new Error(name);
    expect(await verifySign1(sign1, aad, public_key), name).toBe(true);
    expect(sign1.keyId, name).toBe(await keyIdOf(bytesOf(public_key) ?? new Uint8Array()));
    expect(await verifySign1(sign1, `${aad}X`, public_key), `${name}, as another seal's`).toBe(false);
  }
});

test("a report that was changed on the way is not signed", async () => {
  const forged = invalid.filter((vector) => vector.kind === "report" && vector.outcome === "bad_signature");
  expect(forged.length).toBeGreaterThan(0);
  const changed = reports[0];
  if (!changed) throw new Error("no report");
  const bytes = bytesOf(changed.bytes) ?? new Uint8Array();
  bytes[40] = (bytes[40] ?? 0) ^ 1;
  const sign1 = parseSign1(bytes);
  expect(sign1 && (await verifySign1(sign1, changed.aad, changed.public_key))).toBe(false);
});

test("bytes that are no frame are none", () => {
  expect(parseSign1(Uint8Array.of(1, 2, 3))).toBeNull();
  expect(decodeReport(Uint8Array.of(0xa1, 0x01))).toBeNull();
});
