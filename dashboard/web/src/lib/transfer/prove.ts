// The proof tick of a step: the entry of the log that made it, found again, and shown to be in the tree by hashes worked out here.
import { api } from "../../api/client";
import type { EntryHead, Step } from "../../api/types";
import { newestCheckpoint } from "../audit/look";
import { isIncluded } from "../proof/inclusion";
import { personOf } from "./signer";

/** `clock`: a time limit passed; no entry says so. `missing`: the log shows no entry that made this step. */
export type Proof = { state: "proved" | "refuted"; seq: number; size: number } | { state: "clock" | "missing" };

/** Step numbers with what became of their proof. */
export async function proveSteps(steps: readonly Step[]): Promise<ReadonlyMap<number, Proof>> {
  const checkpoint = await newestCheckpoint();
  const proofs = new Map<number, Proof>();
  for (const step of steps) {
    const seq = await entryOf(step);
    if (seq === null) {
      proofs.set(step.number, { state: step.by === "clock" ? "clock" : "missing" });
      continue;
    }
    if (checkpoint === null || seq >= checkpoint.size) {
      proofs.set(step.number, { state: "missing" });
      continue;
    }
    const claim = await api.provedEntry(seq, checkpoint.size);
    const proved = claim.seq === seq && (await isIncluded(claim, checkpoint.size, checkpoint.root));
    proofs.set(step.number, { state: proved ? "proved" : "refuted", seq, size: checkpoint.size });
  }
  return proofs;
}

async function entryOf(step: Step): Promise<number | null> {
  if (step.by === "clock") return null;
  if ("seal" in step.by) {
    const { device, ctr } = step.by.seal;
    return (await api.reports(device, [ctr])).reports[0]?.seq ?? null;
  }
  const { items } = await api.entries({ at: step.at, limit: 500 });
  return causeOf(step, items)?.seq ?? null;
}

/** Whose commands are about a grant or a posting and do not name the transfer. */
const NAMELESS: readonly Step["arrow"][] = ["grant-unsealing", "revoke-grant", "reverse-write-off"];

/** Of the entries that came in the step's millisecond, the one that made it. Pure. */
export function causeOf(step: Step, entries: readonly EntryHead[]): EntryHead | null {
  const { by, transfer } = step;
  const user = personOf(by);
  const commands = entries.filter((entry) => entry.kind === "command" && (user === null || entry.user === user));
  const own = commands.find((entry) => entry.subject === transfer);
  return own ?? (NAMELESS.includes(step.arrow) || user === null ? (commands[0] ?? entries[0] ?? null) : null);
}
