// A checkpoint of the log as a signed note (C2SP tlog-checkpoint): how large the log is, and the root of its tree. Pure.

export interface Checkpoint {
  origin: string;
  size: number;
  root: Uint8Array<ArrayBuffer>;
  /** Names of those who signed: the platform first, then witnesses. */
  signers: string[];
}

/** Nothing for a text that is no checkpoint. */
export function parseCheckpoint(note: string): Checkpoint | null {
  const [text, signatures] = note.split("\n\n");
  const [origin, size, root] = (text ?? "").split("\n");
  if (!origin || !size || !root || signatures === undefined || !/^(0|[1-9]\d{0,15})$/.test(size)) return null;
  const hash = fromBase64(root);
  if (hash?.length !== 32) return null;
  const signers = signatures.split("\n").flatMap((line) => /^— (\S+) \S+$/.exec(line)?.[1] ?? []);
  return { origin, size: Number(size), root: hash, signers };
}

function fromBase64(text: string): Uint8Array<ArrayBuffer> | null {
  try {
    return Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0));
  } catch {
    return null;
  }
}
