// Whether an entry is in the log's tree (RFC 6962), worked out here from hashes alone.
import { bytesOf, joined, sameBytes, sha256 } from "./bytes";
import { type CborMap, decode, encode } from "./cbor";

type Hash = Uint8Array<ArrayBuffer>;

const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);

export const leafHash = (content: Uint8Array): Promise<Hash> => sha256(joined(LEAF, content));
export const nodeHash = (left: Uint8Array, right: Uint8Array): Promise<Hash> => sha256(joined(NODE, left, right));

/** The root that the proof leads to; nothing where it is too long or too short for the tree (RFC 9162, 2.1.3.2). */
export async function rootOf(leaf: Hash, seq: number, size: number, proof: readonly Hash[]): Promise<Hash | null> {
  if (seq >= size) return null;
  let [node, last, hash] = [seq, size - 1, leaf];
  for (const beside of proof) {
    if (last === 0) return null;
    if (node % 2 === 1 || node === last) {
      hash = await nodeHash(beside, hash);
      while (node % 2 === 0 && node !== 0) [node, last] = [node / 2, Math.floor(last / 2)];
    } else {
      hash = await nodeHash(hash, beside);
    }
    [node, last] = [Math.floor(node / 2), Math.floor(last / 2)];
  }
  return last === 0 ? hash : null;
}

const COMMAND = 2;

/**
 * The leaf of an entry. A command's body may name people and goods: its leaf has SHA-256 over salt and body in the body's place, and
 * no salt (`sealway_schemas::entry`). Nothing for bytes that are no entry.
 */
export async function leafOf(entry: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer> | null> {
  const map = entryMap(entry);
  if (map === null) return null;
  if (map.get(0) !== COMMAND) return entry;
  const [body, salt] = [map.get(6), map.get(8)];
  if (!(body instanceof Uint8Array)) return null;
  const hidden = await sha256(joined(salt instanceof Uint8Array ? salt : new Uint8Array(16), body));
  const leaf: CborMap = new Map([...map].filter(([key]) => key !== 8));
  return encode(leaf.set(6, hidden));
}

export function entryMap(entry: Uint8Array): CborMap | null {
  try {
    const value = decode(entry);
    return value instanceof Map ? value : null;
  } catch {
    return null;
  }
}

/** What the log shows of an entry: the entry itself and the hashes beside its way to the root, all hex. */
export interface Claim {
  seq: number;
  entry: string;
  proof: readonly string[];
}

/** Whether the entry is in the tree of this size and root. */
export async function isIncluded({ seq, entry, proof }: Claim, size: number, root: Uint8Array): Promise<boolean> {
  const bytes = bytesOf(entry);
  const beside = proof.map(bytesOf);
  if (bytes === null || !beside.every((hash) => hash?.length === 32)) return false;
  const leaf = await leafOf(bytes);
  if (leaf === null) return false;
  const found = await rootOf(await leafHash(leaf), seq, size, beside as Hash[]);
  return found !== null && sameBytes(found, root);
}
