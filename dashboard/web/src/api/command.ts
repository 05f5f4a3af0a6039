// What people ask of the platform. A command goes out as the bytes that were signed, under a key that makes it happen once.
import type { SigningPerson } from "../lib/keys/signing";
import { api, freshKey } from "./client";
import type { Command, Receipt } from "./types";

/** Sends a command, signed where the person has a key in this browser. The same `key` again changes nothing. */
export async function send(command: Command, person: SigningPerson | null, key: string = freshKey()): Promise<Receipt> {
  const body = JSON.stringify(command);
  const headers: Record<string, string> = { "idempotency-key": key };
  if (person !== null) headers["sealway-signature"] = await person.sign(key, body);
  return api.command(body, headers);
}
