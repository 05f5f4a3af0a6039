// From a key in this browser to a person who signs: making, enrolling and finding it again.
import { api } from "../../api/client";
import type { Command, Me, SigningKey } from "../../api/types";
import { hexOf } from "../proof/bytes";
import { signer } from "./holder.svelte";
import { enrolmentChallenge, keyIdOf, signingPerson } from "./signing";
import { keptKeys, type KeptKey } from "./store";

/** WebCrypto is there only where the page came over TLS or from the machine itself, and not every one knows Ed25519. */
export function canSign(): boolean {
  return globalThis.isSecureContext && "subtle" in crypto && "indexedDB" in globalThis;
}

export async function makeKey(): Promise<KeptKey> {
  const pair = (await crypto.subtle.generateKey("Ed25519", false, ["sign", "verify"])) as CryptoKeyPair;
  const raw = new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey));
  return { publicKey: hexOf(raw), keyId: await keyIdOf(raw), privateKey: pair.privateKey };
}

export async function enrolmentOf(user: string, key: KeptKey): Promise<Command> {
  const proof = await crypto.subtle.sign("Ed25519", key.privateKey, enrolmentChallenge(user, key.publicKey));
  return { type: "enrol-signing-key", user, public_key: key.publicKey, proof: hexOf(new Uint8Array(proof)) };
}

/** Lets the person sign where this browser has the key and the platform still takes it. */
export async function takeUpKey(me: Me): Promise<void> {
  signer.person = null;
  if (!canSign()) return;
  const key = await keptKeys.of(me.user);
  if (key === undefined) return;
  const enrolled = (await ownKeys(me)).some((known) => known.public_key === key.publicKey && known.revoked_at == null);
  if (enrolled) signer.person = signingPerson(me, key.keyId, key.privateKey);
}

/** The person's keys as the platform knows them, newest first. */
export async function ownKeys(me: Me): Promise<SigningKey[]> {
  return (await api.records("signing-key")).map((record) => record.body).filter((key) => key.user === me.user);
}
