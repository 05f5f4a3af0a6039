// A COSE_Sign1 (RFC 9052) as the wire contract has it, and whether its signature is good. WebCrypto checks it, nobody's word.
import { bytesOf, hexOf, utf8 } from "./bytes";
import { type Cbor, decode, encode, Tagged } from "./cbor";

export interface Sign1 {
  /** The protected header as it was signed. */
  head: Uint8Array<ArrayBuffer>;
  /** The first 8 bytes of SHA-256 over the signer's key, hex. */
  keyId: string;
  payload: Uint8Array<ArrayBuffer>;
  signature: Uint8Array<ArrayBuffer>;
}

const SIGN1 = 18;

/** Nothing for bytes that are no COSE_Sign1. */
export function parseSign1(bytes: Uint8Array): Sign1 | null {
  try {
    const value = decode(bytes);
    if (!(value instanceof Tagged) || value.tag !== SIGN1 || !Array.isArray(value.value) || value.value.length !== 4) return null;
    const [head, , payload, signature] = value.value as Cbor[];
    if (!(head instanceof Uint8Array && payload instanceof Uint8Array && signature instanceof Uint8Array)) return null;
    const fields = decode(head);
    const keyId = fields instanceof Map ? fields.get(4) : null;
    return keyId instanceof Uint8Array ? { head, keyId: hexOf(keyId), payload, signature } : null;
  } catch {
    return null;
  }
}

/** `null` where this browser cannot check Ed25519. */
export async function verifySign1(sign1: Sign1, aad: string, publicKey: string): Promise<boolean | null> {
  const key = bytesOf(publicKey);
  if (key === null) return false;
  const signed = encode(["Signature1", sign1.head, utf8(aad), sign1.payload]);
  return verifyEd25519(key, sign1.signature, signed);
}

export async function verifyEd25519(
  publicKey: Uint8Array<ArrayBuffer>,
  signature: Uint8Array<ArrayBuffer>,
  signed: Uint8Array<ArrayBuffer>,
): Promise<boolean | null> {
  let key: CryptoKey;
  try {
    key = await crypto.subtle.importKey("raw", publicKey, "Ed25519", false, ["verify"]);
  } catch {
    return null;
  }
  return crypto.subtle.verify("Ed25519", key, signature, signed);
}
