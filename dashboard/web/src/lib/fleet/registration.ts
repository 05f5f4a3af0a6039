// Registering many seals: each row stands for itself. Pure, apart from what it is given to ask with.
import { Failure } from "../../api/client";
import type { NewDevice } from "../../api/types";
import type { CsvRow } from "./csv";

export const COLUMNS = ["device", "public_key", "challenge", "proof"] as const;

export type Outcome = { stand: "waiting" } | { stand: "enrolled" } | { stand: "known" } | { stand: "refused"; code: string; detail: string };

export interface Row {
  line: number;
  device: string;
  new: NewDevice | null;
  outcome: Outcome;
}

export function rowsOf(rows: readonly CsvRow[]): Row[] {
  return rows.map(({ line, cells }) => {
    if (cells === null) return { line, device: "", new: null, outcome: { stand: "refused", code: "csv.cells", detail: "" } };
    const of = (name: (typeof COLUMNS)[number]): string => cells[name] ?? "";
    return { line, device: of("device"), new: { device: of("device"), public_key: of("public_key"), challenge: of("challenge"), proof: of("proof") }, outcome: { stand: "waiting" } };
  });
}

/** What became of one; a row that was refused stops no other. */
export async function register(row: Row, enrol: (device: NewDevice) => Promise<void>): Promise<Outcome> {
  if (row.new === null) return row.outcome;
  try {
    await enrol(row.new);
    return { stand: "enrolled" };
  } catch (cause) {
    const failure = cause instanceof Failure ? cause : new Failure("internal", 0, String(cause));
    return failure.code === "device-enrolled" ? { stand: "known" } : { stand: "refused", code: failure.code, detail: failure.message };
  }
}

/** As the platform takes it. */
export const isSealNumber = (id: string): boolean => /^[A-Z0-9][A-Z0-9-]{2,31}$/.test(id);

/** Seal numbers, one on each line, each once. */
export const idsOf = (text: string): string[] => [...new Set(text.split(/[\s,;]+/).map((id) => id.trim().toUpperCase()).filter((id) => id !== ""))];
