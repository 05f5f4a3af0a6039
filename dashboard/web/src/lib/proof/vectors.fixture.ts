// The golden vectors of the wire contract, for the unit tests.
import invalidText from "../../../../../schemas/vectors/invalid.json?raw";
import validText from "../../../../../schemas/vectors/valid.json?raw";

export interface Vector {
  name: string;
  kind: string;
  public_key: string;
  aad: string;
  bytes: string;
  outcome: string;
  content: Record<string, unknown>;
}

export const valid: readonly Vector[] = JSON.parse(validText);
export const invalid: readonly Vector[] = JSON.parse(invalidText);
