// What a new seal says to be known: its own key's signature over the platform's challenge (a COSE_Sign1 with Ed25519).
import { createHash, generateKeyPairSync, sign } from "node:crypto";

const cbor = (major, content) => Buffer.concat([content.length < 24 ? Buffer.from([(major << 5) | content.length]) : Buffer.from([(major << 5) | 24, content.length]), content]);
const bytes = (content) => cbor(2, content);
const text = (content) => cbor(3, Buffer.from(content));

/** Public key and proof in hex of a seal with a key of its own, which has said nothing yet. */
export function proofOf(device, challenge) {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const key = Buffer.from(publicKey.export({ format: "jwk" }).x, "base64url");
  const keyId = createHash("sha256").update(key).digest().subarray(0, 8);
  // {1: EdDSA, 4: key id}, and {1: challenge, 2: next counter, 3: hash of the report before, 4: epoch}.
  const head = bytes(Buffer.concat([Buffer.from("a2012704", "hex"), bytes(keyId)]));
  const claim = bytes(Buffer.concat([Buffer.from("a401", "hex"), bytes(Buffer.from(challenge, "hex")), Buffer.from("020103", "hex"), bytes(Buffer.alloc(16)), Buffer.from("0400", "hex")]));
  const signed = Buffer.concat([Buffer.from([0x84]), text("Signature1"), head, bytes(Buffer.from(`sealway/v1/enrol/${device}`)), claim]);
  const signature = bytes(sign(null, signed, privateKey));
  return [key, Buffer.concat([Buffer.from("d284", "hex"), head, Buffer.from([0xa0]), claim, signature])].map((part) => part.toString("hex"));
}
