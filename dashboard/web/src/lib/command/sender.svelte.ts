// One thing that a person may ask of the platform on a page: whether it is under way, and why it was refused. The same command asked
// again after a lost answer goes under the same key, so that it happens once.
import { Failure, freshKey } from "../../api/client";
import { send } from "../../api/command";
import type { Command, Receipt } from "../../api/types";
import { signer } from "../keys/holder.svelte";

export class Sender {
  busy = $state(false);
  failure = $state.raw<Failure | null>(null);
  receipt = $state.raw<Receipt | null>(null);
  #asked = "";
  #key = "";

  /** The receipt, or nothing where the command was refused; `failure` says why. */
  async send(command: Command): Promise<Receipt | null> {
    if (this.busy) return null;
    const asked = JSON.stringify(command);
    if (asked !== this.#asked) [this.#asked, this.#key] = [asked, freshKey()];
    this.busy = true;
    this.failure = null;
    this.receipt = null;
    try {
      this.receipt = await send(command, signer.person, this.#key);
      this.#asked = "";
      return this.receipt;
    } catch (cause) {
      this.failure = cause instanceof Failure ? cause : new Failure("internal", 0, String(cause));
      // A refusal was an answer: the next try is another one.
      if (this.failure.status !== 0 && this.failure.status < 500) this.#asked = "";
      return null;
    } finally {
      this.busy = false;
    }
  }
}
