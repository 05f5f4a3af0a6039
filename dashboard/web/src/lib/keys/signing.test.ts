import { expect, test } from "vitest";
import { bytesOf, hexOf } from "../proof/bytes";
import { verifyEd25519 } from "../proof/cose";
import { enrolmentOf, makeKey } from "./person";
import { enrolmentChallenge, keyIdOf, signingPerson, toBeSigned } from "./signing";

const me = { user: "officer-wang", party: "xian-customs" };

test("what is signed is user, party, key and body, each where the contract has it", () => {
  expect(new TextDecoder().decode(toBeSigned(me, "k-1", '{"type":"x"}'))).toBe('sealway/v1/command\nofficer-wang\nxian-customs\nk-1\n{"type":"x"}');
});

test("a made key signs here and cannot be taken out", async () => {
  const key = await makeKey();
  expect(key.privateKey.extractable).toBe(false);
  await expect(crypto.subtle.exportKey("pkcs8", key.privateKey)).rejects.toThrow();
  const publicKey = bytesOf(key.publicKey) ?? new Uint8Array();
  expect(key.keyId).toBe(await keyIdOf(publicKey));
  const header = await signingPerson(me, key.keyId, key.privateKey).sign("k-1", "{}");
  expect(header).toMatch(/^[0-9a-f]{144}$/);
  expect(header.slice(0, 16)).toBe(key.keyId);
  const signature = bytesOf(header.slice(16)) ?? new Uint8Array();
  expect(await verifyEd25519(publicKey, signature, toBeSigned(me, "k-1", "{}"))).toBe(true);
  expect(await verifyEd25519(publicKey, signature, toBeSigned(me, "k-2", "{}")), "under another key").toBe(false);
});

test("an enrolment proves that its person holds the key", async () => {
  const key = await makeKey();
  const command = await enrolmentOf(me.user, key);
  if (command.type !== "enrol-signing-key") throw new Error(command.type);
  const publicKey = bytesOf(key.publicKey) ?? new Uint8Array();
  expect(hexOf(publicKey)).toBe(command.public_key);
  expect(await verifyEd25519(publicKey, bytesOf(command.proof) ?? new Uint8Array(), enrolmentChallenge(me.user, key.publicKey))).toBe(true);
});
