// Whether an older tree is the beginning of a newer one (RFC 9162, 2.1.4.2): the log was not rewritten in between.
import { sameBytes } from "./bytes";
import { nodeHash } from "./inclusion";

type Hash = Uint8Array<ArrayBuffer>;

export interface Tree {
  size: number;
  root: Uint8Array;
}

export async function grewFrom(old: Tree, now: Tree, proof: readonly Hash[]): Promise<boolean> {
  if (old.size === now.size) return proof.length === 0 && sameBytes(old.root, now.root);
  if (old.size === 0) return proof.length === 0;
  if (old.size > now.size || proof.length === 0) return false;
  const power = Number.isInteger(Math.log2(old.size));
  const path = power ? [Uint8Array.from(old.root), ...proof] : [...proof];
  let [node, last] = [old.size - 1, now.size - 1];
  while (node % 2 === 1) [node, last] = [Math.floor(node / 2), Math.floor(last / 2)];
  const [first, ...rest] = path;
  if (first === undefined) return false;
  let [older, newer]: [Hash, Hash] = [first, first];
  for (const beside of rest) {
    if (last === 0) return false;
    if (node % 2 === 1 || node === last) {
      [older, newer] = [await nodeHash(beside, older), await nodeHash(beside, newer)];
      while (node % 2 === 0 && node !== 0) [node, last] = [node / 2, Math.floor(last / 2)];
    } else {
      newer = await nodeHash(newer, beside);
    }
    [node, last] = [Math.floor(node / 2), Math.floor(last / 2)];
  }
  return last === 0 && sameBytes(older, old.root) && sameBytes(newer, now.root);
}
