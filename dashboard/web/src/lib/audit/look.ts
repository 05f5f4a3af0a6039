// The newest checkpoint, and whether the log only grew since this browser last looked.
import { api, Failure } from "../../api/client";
import { bytesOf, hexOf } from "../proof/bytes";
import { type Checkpoint, parseCheckpoint } from "../proof/checkpoint";
import { grewFrom, type Tree } from "../proof/growth";
import { recall, remember } from "../session/memory";

export interface Look {
  checkpoint: Checkpoint;
  /** `first`: this browser knew none before. `rewritten`: the log is not the one that it knew. */
  since: "first" | "grew" | "rewritten";
  /** The size that it knew. */
  before: number | null;
}

/** `none`: a log without entries has no checkpoint yet. */
export async function lookAtLog(): Promise<Look | "none"> {
  const checkpoint = await newestCheckpoint();
  if (checkpoint === null) return "none";
  const known = knownTree(checkpoint.origin);
  const since = known === null ? "first" : (await stillTheSame(known, checkpoint)) ? "grew" : "rewritten";
  // A log that was rewritten stays so for this browser: what it knew is the evidence.
  if (since !== "rewritten") remember("checkpoint", `${checkpoint.origin} ${checkpoint.size} ${hexOf(checkpoint.root)}`);
  return { checkpoint, since, before: known?.size ?? null };
}

/** Nothing while the log has none; a text that is no checkpoint is a failure of the platform. */
export async function newestCheckpoint(): Promise<Checkpoint | null> {
  const text = await api.checkpoint().catch((cause: unknown) => {
    if (cause instanceof Failure && cause.status === 404) return null;
    throw cause;
  });
  if (text === null) return null;
  const checkpoint = parseCheckpoint(text);
  if (checkpoint === null) throw new Failure("checkpoint-malformed", 0, "expected a signed checkpoint (C2SP tlog-checkpoint)");
  return checkpoint;
}

async function stillTheSame(known: Tree, now: Checkpoint): Promise<boolean> {
  if (known.size > now.size) return false;
  const { proof } = await api.growth(known.size, now.size);
  const hashes = proof.map(bytesOf);
  return hashes.every((hash) => hash !== null) && grewFrom(known, now, hashes as Uint8Array<ArrayBuffer>[]);
}

/** Of the same log: another platform at this address is another log. */
function knownTree(origin: string): Tree | null {
  const [of, size, root] = (recall("checkpoint") ?? "").split(" ");
  const hash = bytesOf(root ?? "");
  return of === origin && hash?.length === 32 && Number.isSafeInteger(Number(size)) ? { size: Number(size), root: hash } : null;
}
