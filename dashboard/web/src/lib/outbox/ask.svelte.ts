// One thing that a person may decide on a page whether there is a network or not.
import type { Failure } from "../../api/client";
import type { Command, Receipt } from "../../api/types";
import { signer } from "../keys/holder.svelte";
import { outbox } from "./holder.svelte";
import type { About, Asked } from "./outbox.svelte";

export class Desk {
  busy = $state(false);
  failure = $state.raw<Failure | null>(null);
  receipt = $state.raw<Receipt | null>(null);

  async ask(command: Command, about: About): Promise<Asked["stand"] | null> {
    if (this.busy) return null;
    this.busy = true;
    this.failure = this.receipt = null;
    try {
      const asked = await outbox.ask(command, about, signer.person);
      if (asked.stand === "taken") this.receipt = asked.receipt;
      if (asked.stand === "refused") {
        this.failure = asked.failure;
        // The person reads it here and now.
        await outbox.dismiss(asked.key);
      }
      return asked.stand;
    } finally {
      this.busy = false;
    }
  }
}
