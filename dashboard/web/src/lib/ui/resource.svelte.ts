// Something asked of the API by a page: what came last, when, and why the newest question failed. What is shown stays when a later
// question fails; the page then says how old it is.
import { Failure } from "../../api/client";
import type { Time } from "../../api/types";
import { clock } from "../time/clock.svelte";

export class Resource<T> {
  value = $state.raw<T | null>(null);
  failure = $state.raw<Failure | null>(null);
  /** When the value came, by the server's clock. */
  at = $state<Time | null>(null);
  busy = $state(false);
  readonly #ask: () => Promise<T>;
  #turn = 0;

  constructor(ask: () => Promise<T>) {
    this.#ask = ask;
  }

  /** Asks again. An answer that was overtaken by a newer question is dropped. */
  async load(): Promise<void> {
    const turn = ++this.#turn;
    this.busy = true;
    try {
      const value = await this.#ask();
      if (turn !== this.#turn) return;
      this.value = value;
      this.at = clock.read();
      this.failure = null;
    } catch (cause) {
      if (turn !== this.#turn) return;
      this.failure = cause instanceof Failure ? cause : new Failure("internal", 0, String(cause));
    } finally {
      if (turn === this.#turn) this.busy = false;
    }
  }
}
