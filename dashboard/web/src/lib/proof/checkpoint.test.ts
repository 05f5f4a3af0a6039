import { expect, test } from "vitest";
import { parseCheckpoint } from "./checkpoint";

const root = btoa(String.fromCharCode(...new Uint8Array(32).fill(7)));
const note = (size: string, hash = root) => `sealway/ab12\n${size}\n${hash}\n\n— sealway/ab12 c2lnbmF0dXJl\n— witness.example c2lnbmF0dXJl\n`;

test("a checkpoint tells size, root and who signed it", () => {
  expect(parseCheckpoint(note("1234"))).toEqual({
    origin: "sealway/ab12",
    size: 1234,
    root: new Uint8Array(32).fill(7),
    signers: ["sealway/ab12", "witness.example"],
  });
});

test("a text that is no checkpoint is none", () => {
  for (const text of ["", "a\n1\n", note("-1"), note("01"), note("5", "AAAA"), note("5", "!")]) expect(parseCheckpoint(text), text).toBeNull();
});
