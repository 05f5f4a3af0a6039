// Trees and their proofs by the definitions of RFC 6962, section 2.1, for the unit tests.
import { nodeHash } from "./inclusion";

export type Hash = Uint8Array<ArrayBuffer>;

function halves(leaves: readonly Hash[]): [readonly Hash[], readonly Hash[]] {
  const split = 2 ** Math.ceil(Math.log2(leaves.length) - 1);
  return [leaves.slice(0, split), leaves.slice(split)];
}

export async function root(leaves: readonly Hash[]): Promise<Hash> {
  const [first] = leaves;
  if (first && leaves.length === 1) return first;
  const [left, right] = halves(leaves);
  return nodeHash(await root(left), await root(right));
}

export async function path(at: number, leaves: readonly Hash[]): Promise<Hash[]> {
  if (leaves.length === 1) return [];
  const [left, right] = halves(leaves);
  return at < left.length ? [...(await path(at, left)), await root(right)] : [...(await path(at - left.length, right)), await root(left)];
}

/** The proof that the first `old` leaves are the beginning of all. */
export async function growth(old: number, leaves: readonly Hash[], whole = true): Promise<Hash[]> {
  if (old === leaves.length) return whole ? [] : [await root(leaves)];
  const [left, right] = halves(leaves);
  if (old <= left.length) return [...(await growth(old, left, whole)), await root(right)];
  return [...(await growth(old - left.length, right, false)), await root(left)];
}
