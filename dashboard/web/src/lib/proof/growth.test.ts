import { expect, test } from "vitest";
import { grewFrom } from "./growth";
import { leafHash } from "./inclusion";
import { growth, root } from "./tree.fixture";

test("every small log grew from each of its beginnings, and from no other log", async () => {
  const leaves = await Promise.all(Array.from({ length: 9 }, (_, i) => leafHash(Uint8Array.of(i))));
  for (let size = 1; size <= leaves.length; size += 1) {
    const now = { size, root: await root(leaves.slice(0, size)) };
    for (let old = 1; old <= size; old += 1) {
      const proof = await growth(old, leaves.slice(0, size));
      const before = { size: old, root: await root(leaves.slice(0, old)) };
      expect(await grewFrom(before, now, proof), `${old} to ${size}`).toBe(true);
      expect(await grewFrom({ size: old, root: new Uint8Array(32) }, now, proof), `another ${old} to ${size}`).toBe(false);
      if (proof.length > 0) expect(await grewFrom(before, now, proof.slice(1))).toBe(false);
    }
  }
});

test("a log that became shorter did not grow", async () => {
  const leaf = await leafHash(Uint8Array.of(1));
  expect(await grewFrom({ size: 2, root: leaf }, { size: 1, root: leaf }, [leaf])).toBe(false);
});
