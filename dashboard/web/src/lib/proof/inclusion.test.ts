import { expect, test } from "vitest";
import { hexOf, sha256, joined, utf8 } from "./bytes";
import { encode, type CborMap } from "./cbor";
import { isIncluded, leafHash, leafOf } from "./inclusion";
import { path, root } from "./tree.fixture";

const login = (number: number) => encode(new Map<number, number>([[0, 4], [1, number], [2, number]]));

test("every entry of every small tree is proved, and no other entry in its place", async () => {
  for (let size = 1; size <= 9; size += 1) {
    const entries = Array.from({ length: size }, (_, i) => login(i));
    const leaves = await Promise.all(entries.map(leafHash));
    const top = await root(leaves);
    for (let seq = 0; seq < size; seq += 1) {
      const proof = (await path(seq, leaves)).map(hexOf);
      expect(await isIncluded({ seq, entry: hexOf(login(seq)), proof }, size, top), `${seq} of ${size}`).toBe(true);
      expect(await isIncluded({ seq, entry: hexOf(login(seq + 100)), proof }, size, top)).toBe(false);
      expect(await isIncluded({ seq, entry: hexOf(login(seq)), proof: [...proof, hexOf(top)] }, size, top)).toBe(false);
      if (size > 1) expect(await isIncluded({ seq, entry: hexOf(login(seq)), proof: proof.slice(1) }, size, top)).toBe(false);
    }
  }
});

test("the leaf of a command hides its body behind the salt", async () => {
  const [body, salt] = [utf8('{"note":"Zhang San"}'), new Uint8Array(16).fill(3)];
  const fields: [number, number | string | Uint8Array<ArrayBuffer>][] = [[0, 2], [1, 5], [2, "li"], [3, "customs"], [4, "customs"], [5, "k"], [6, body]];
  const entry = encode(new Map([...fields, [8, salt]]) as CborMap);
  const hidden = await sha256(joined(salt, body));
  const expected = encode(new Map([...fields.slice(0, 6), [6, hidden]]) as CborMap);
  expect(await leafOf(entry)).toEqual(expected);
  expect(await leafOf(login(3))).toEqual(login(3));
  expect(await leafOf(Uint8Array.of(9))).toBeNull();
});
