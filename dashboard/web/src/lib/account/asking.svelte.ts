// One form that asks something of the API: whether it is under way, and why it was refused.
import { Failure } from "../../api/client";

export class Asking {
  busy = $state(false);
  /** The code of the refusal. */
  failure = $state<string | null>(null);
  done = $state(false);

  /** The answer, or nothing where it was refused. */
  async ask<Answer>(question: () => Promise<Answer>): Promise<Answer | null> {
    if (this.busy) return null;
    this.busy = true;
    this.failure = null;
    this.done = false;
    try {
      const answer = await question();
      this.done = true;
      return answer;
    } catch (cause) {
      this.failure = cause instanceof Failure ? cause.code : "internal";
      return null;
    } finally {
      this.busy = false;
    }
  }
}
