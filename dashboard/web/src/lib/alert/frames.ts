// Evidence of an alert, frame by frame: decoded from the bytes in the log, each signature checked in this browser.
import type { Device, KeptReport, KeptReports } from "../../api/types";
import { keyIdOf } from "../keys/signing";
import { bytesOf } from "../proof/bytes";
import { parseSign1, verifySign1, type Sign1 } from "../proof/cose";
import { type DecodedReport, decodeReport } from "../proof/report";

/** `unknown-key`: none of the seal's keys signed it. `unchecked`: this browser cannot check Ed25519. */
export type Verdict = "good" | "bad" | "unknown-key" | "unchecked";

export interface Frame {
  seq: number;
  ctr: number;
  receivedAt: number;
  hex: string;
  /** Nothing for bytes that are no report. */
  report: DecodedReport | null;
  keyId: string;
  signer: "identity" | "epoch" | null;
  verdict: Verdict;
}

interface Keys {
  identity: string;
  /** By epoch. */
  epochs: ReadonlyMap<number, string>;
}

export async function framesOf(device: Pick<Device, "id" | "public_key">, kept: KeptReports): Promise<Frame[]> {
  const keys: Keys = { identity: device.public_key, epochs: epochKeys(kept.sealings) };
  return Promise.all(kept.reports.map((report) => frameOf(device.id, keys, report)));
}

function epochKeys(sealings: readonly KeptReport[]): Map<number, string> {
  const keys = new Map<number, string>();
  for (const { bytes } of sealings) {
    const report = read(bytes)?.report;
    if (report?.epochKey) keys.set(report.epoch, report.epochKey);
  }
  return keys;
}

function read(hex: string): { sign1: Sign1; report: DecodedReport | null } | null {
  const bytes = bytesOf(hex);
  const sign1 = bytes === null ? null : parseSign1(bytes);
  return sign1 === null ? null : { sign1, report: decodeReport(sign1.payload) };
}

async function frameOf(device: string, keys: Keys, { seq, ctr, received_at, bytes }: KeptReport): Promise<Frame> {
  const plain = { seq, ctr, receivedAt: received_at, hex: bytes };
  const found = read(bytes);
  if (found === null) return { ...plain, report: null, keyId: "", signer: null, verdict: "bad" };
  const { sign1, report } = found;
  const signer = await signerOf(sign1, keys, report);
  if (signer === null) return { ...plain, report, keyId: sign1.keyId, signer: null, verdict: "unknown-key" };
  const good = await verifySign1(sign1, `sealway/v1/up/${device}`, signer.key);
  return { ...plain, report, keyId: sign1.keyId, signer: signer.kind, verdict: good === null ? "unchecked" : good ? "good" : "bad" };
}

async function signerOf(sign1: Sign1, keys: Keys, report: DecodedReport | null): Promise<{ kind: "identity" | "epoch"; key: string } | null> {
  const epochKey = report === null ? undefined : keys.epochs.get(report.epoch);
  for (const [kind, key] of [["identity", keys.identity], ["epoch", epochKey]] as const) {
    const bytes = key === undefined ? null : bytesOf(key);
    if (key !== undefined && bytes !== null && (await keyIdOf(bytes)) === sign1.keyId) return { kind, key };
  }
  return null;
}
