// A person's signature over a command, as `sealway_schemas::signature` says.
import type { Me } from "../../api/types";
import { hexOf, utf8 } from "../proof/bytes";

/** One who can sign here and now. */
export interface SigningPerson {
  readonly keyId: string;
  /** The header `Sealway-Signature` for a command's body under its idempotency key. */
  sign(key: string, body: string): Promise<string>;
}

/** `sealway/v1/command`, user, party and idempotency key, each ended by a line feed, then the body. */
export function toBeSigned(me: Pick<Me, "user" | "party">, key: string, body: string): Uint8Array<ArrayBuffer> {
  return utf8(`sealway/v1/command\n${me.user}\n${me.party}\n${key}\n${body}`);
}

/** What the key signs to prove that the person holds it, as it is enrolled. */
export function enrolmentChallenge(user: string, publicKey: string): Uint8Array<ArrayBuffer> {
  return utf8(`sealway/v1/signing-key\n${user}\n${publicKey}`);
}

/** The first 8 bytes of SHA-256 over the public key, hex. */
export async function keyIdOf(publicKey: Uint8Array<ArrayBuffer>): Promise<string> {
  return hexOf(new Uint8Array(await crypto.subtle.digest("SHA-256", publicKey)).slice(0, 8));
}

export function signingPerson(me: Pick<Me, "user" | "party">, keyId: string, privateKey: CryptoKey): SigningPerson {
  return {
    keyId,
    sign: async (key, body) => {
      const signature = await crypto.subtle.sign("Ed25519", privateKey, toBeSigned(me, key, body));
      return keyId + hexOf(new Uint8Array(signature));
    },
  };
}
