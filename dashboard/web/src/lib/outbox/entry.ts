// What a person decided and the platform has not heard yet. The bytes were signed when it was decided; they go out as they are, under
// the key that makes it happen once.
import type { RefusedStep } from "../../api/client";
import type { Command, GateDecision, Time } from "../../api/types";

export interface Entry {
  /** The idempotency key. */
  key: string;
  user: string;
  type: Command["type"];
  /** What it is about, as people name it: a unit's number. */
  about: string;
  /** The transfer whose page tells more. */
  transfer: string | null;
  body: string;
  /** The header `Sealway-Signature`; none where the person has no key in this browser. */
  signature: string | null;
  decidedAt: Time;
  /** The platform's word against it. Phones still keep some of a time when it had no step. */
  refused: { code: string; detail: string; step?: RefusedStep | null } | null;
}

export interface Sent {
  entry: Entry;
  at: Time;
  /** What the platform answered to a question at a gate. */
  decision: GateDecision | null;
}

/** Where entries lie between visits. */
export interface Shelf {
  of(user: string): Promise<Entry[]>;
  put(entry: Entry): Promise<void>;
  drop(key: string): Promise<void>;
}
