// A seal's report, decoded from the bytes that the seal signed. Pure.
import { hexOf } from "./bytes";
import { type CborMap, decode } from "./cbor";

/** Names of the events of the contract, by number. */
export const EVENTS = [
  "periodic",
  "sealed",
  "opened-by-grant",
  "opened",
  "cable-cut",
  "housing-opened",
  "motor-stuck",
  "shock",
  "light",
  "mount-lost",
  "low-battery",
  "fix-lost",
  "jammed",
  "zone-entered",
  "zone-left",
  "power-on",
  "challenge-answer",
  "gap",
  "wrong-credential",
  "self-test",
] as const;

/** The status bits of the contract, by place. */
export const STATUS = [
  "cable-inserted",
  "motor-locked",
  "housing-closed",
  "cable-cut",
  "external-power",
  "clock-disciplined",
  "from-store",
  "mount-present",
  "epoch-key-held",
] as const;

export type StatusBit = (typeof STATUS)[number];

export interface DecodedFix {
  lat: number;
  lon: number;
  accuracyM: number;
  speedCmS: number;
  headingDeg: number;
  satellites: number;
  cn0Db: number;
}

export interface DecodedReport {
  ctr: number;
  epoch: number;
  /** First 16 bytes of SHA-256 of the report before, hex. */
  prev: string;
  t: number;
  /** A name of the contract, or the number of one that is not in it. */
  event: string;
  status: StatusBit[];
  fix: DecodedFix | null;
  battery: number | null;
  epochKey: string | null;
  reference: string | null;
  gap: [number, number, number] | null;
  sensors: [string, number][];
}

/** Nothing for a payload that is no report. */
export function decodeReport(payload: Uint8Array): DecodedReport | null {
  try {
    const map = decode(payload);
    return map instanceof Map ? fromMap(map) : null;
  } catch {
    return null;
  }
}

function fromMap(map: CborMap): DecodedReport {
  const event = number(map, 5);
  const status = number(map, 6);
  return {
    ctr: number(map, 1),
    epoch: number(map, 2),
    prev: hex(map, 3) ?? "",
    t: number(map, 4),
    event: EVENTS[event] ?? String(event),
    // Bit 8 is above what a shift of a byte shows; the contract allows up to 2^53.
    status: STATUS.filter((_, bit) => Math.floor(status / 2 ** bit) % 2 === 1),
    fix: fixOf(map.get(7)),
    battery: map.has(8) ? number(map, 8) : null,
    epochKey: hex(map, 9),
    reference: hex(map, 10),
    gap: gapOf(map.get(11)),
    sensors: sensorsOf(map.get(12)),
  };
}

function number(map: CborMap, key: number): number {
  const value = map.get(key);
  if (typeof value !== "number") throw new TypeError(`key ${key}: no number`);
  return value;
}

function hex(map: CborMap, key: number): string | null {
  const value = map.get(key);
  return value instanceof Uint8Array ? hexOf(value) : null;
}

function numbers(value: unknown, count: number): number[] | null {
  return Array.isArray(value) && value.length === count && value.every((item) => typeof item === "number") ? (value as number[]) : null;
}

function fixOf(value: unknown): DecodedFix | null {
  const parts = numbers(value, 7);
  if (parts === null) return null;
  const [lat = 0, lon = 0, accuracy = 0, speed = 0, heading = 0, satellites = 0, cn0 = 0] = parts;
  return { lat: lat / 1e7, lon: lon / 1e7, accuracyM: accuracy / 10, speedCmS: speed, headingDeg: heading / 10, satellites, cn0Db: cn0 / 10 };
}

function gapOf(value: unknown): [number, number, number] | null {
  const parts = numbers(value, 3);
  return parts === null ? null : [parts[0] ?? 0, parts[1] ?? 0, parts[2] ?? 0];
}

function sensorsOf(value: unknown): [string, number][] {
  if (!(value instanceof Map)) return [];
  return [...value].flatMap(([name, reading]) => (typeof name === "string" && typeof reading === "number" ? [[name, reading] as [string, number]] : []));
}
