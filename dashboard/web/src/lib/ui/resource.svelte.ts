// Something asked of the API by a page: what came last, when, and why the newest question failed. What is shown stays when a later
// question fails; the page then says how old it is.
import { Failure } from "../../api/client";
import type { Time } from "../../api/types";
import { clock } from "../time/clock.svelte";

export class Resource<T> {
  value = $state.raw<T | null>(null);
  failure = $state.raw<Failure | null>(null);
  #came = $state<Time | null>(null);
  busy = $state(false);
  readonly #ask: () => Promise<T>;
  readonly #told: () => Time | null;
  #turn = 0;

  /** `told`: when it was last told live, for what needs no new question to stay true. */
  constructor(ask: () => Promise<T>, told: () => Time | null = () => null) {
    this.#ask = ask;
    this.#told = told;
  }

  /** When the value came or was told, by the server's clock. */
  get at(): Time | null {
    if (this.#came === null || this.failure !== null) return this.#came;
    return Math.max(this.#came, this.#told() ?? 0);
  }

  /** Asks again. An answer that was overtaken by a newer question is dropped. */
  async load(): Promise<void> {
    const turn = ++this.#turn;
    this.busy = true;
    try {
      const value = await this.#ask();
      if (turn !== this.#turn) return;
      this.value = value;
      this.#came = clock.read();
      this.failure = null;
    } catch (cause) {
      if (turn !== this.#turn) return;
      this.failure = cause instanceof Failure ? cause : new Failure("internal", 0, String(cause));
    } finally {
      if (turn === this.#turn) this.busy = false;
    }
  }
}
