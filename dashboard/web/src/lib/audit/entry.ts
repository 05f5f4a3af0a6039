// An entry of the log as people read it: its fields decoded from its bytes. Pure.
import { bytesOf, hexOf } from "../proof/bytes";
import { type Cbor, Tagged } from "../proof/cbor";
import { parseSign1 } from "../proof/cose";
import { entryMap } from "../proof/inclusion";
import { type DecodedReport, decodeReport } from "../proof/report";

export const ENTRY_KINDS = ["report", "login", "command", "strict-failed", "generation", "state-lost", "refusals", "policy", "rekey", "unsigned"] as const;
export type EntryKind = (typeof ENTRY_KINDS)[number];

export interface DecodedEntry {
  kind: EntryKind;
  at: number;
  /** What the kind has, in its order: names of the contract, and values as text. */
  fields: [string, string][];
  report: DecodedReport | null;
  /** The command or policy as it was sent, JSON. */
  json: string | null;
}

const NAMES: Readonly<Record<EntryKind, readonly string[]>> = {
  report: ["device"],
  login: ["device", "t"],
  command: ["user", "party", "role", "key"],
  "strict-failed": ["device", "ctr", "digest"],
  generation: ["number"],
  "state-lost": ["device", "stored", "hi"],
  refusals: ["since"],
  policy: [],
  rekey: ["seq", "public_key", "signature"],
  unsigned: ["terminal", "first", "source", "frame"],
};

/** Nothing for bytes that are no entry. */
export function decodeEntry(hex: string): DecodedEntry | null {
  const bytes = bytesOf(hex);
  const map = bytes === null ? null : entryMap(bytes);
  const kind = ENTRY_KINDS[Number(map?.get(0))];
  const at = map?.get(1);
  if (map === null || map === undefined || kind === undefined || typeof at !== "number") return null;
  const fields = NAMES[kind].map((name, i): [string, string] => [name, shown(map.get(2 + i))]);
  const signature = kind === "command" ? map.get(7) : undefined;
  if (signature !== undefined) fields.push(["signature", shown(signature)]);
  const frame = kind === "report" ? map.get(3) : null;
  const sign1 = frame instanceof Uint8Array ? parseSign1(frame) : null;
  return { kind, at, fields, report: sign1 === null ? null : decodeReport(sign1.payload), json: jsonOf(kind === "command" ? map.get(6) : kind === "policy" ? map.get(2) : null) };
}

function shown(value: Cbor | undefined): string {
  if (value instanceof Uint8Array) return hexOf(value);
  if (value === undefined || value === null || value instanceof Tagged || typeof value === "object") return "–";
  return String(value);
}

/** Indented where it is JSON, as it is where it is not. */
function jsonOf(body: Cbor | null | undefined): string | null {
  if (!(body instanceof Uint8Array)) return null;
  const text = new TextDecoder().decode(body);
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
