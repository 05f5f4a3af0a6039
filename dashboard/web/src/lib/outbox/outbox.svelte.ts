// Decisions go here first and to the platform from here, in the order in which they were made. What the network keeps back waits; what
// the platform refuses stays, with its word against it, until the person has read it.
import { Failure, freshKey } from "../../api/client";
import type { Command, GateDecision, Me, Receipt } from "../../api/types";
import type { SigningPerson } from "../keys/signing";
import { clock } from "../time/clock.svelte";
import type { Entry, Sent, Shelf } from "./entry";

export type Asked = { stand: "taken"; receipt: Receipt } | { stand: "waiting" } | { stand: "refused"; failure: Failure; key: string };

export interface Wires {
  shelf: Shelf;
  send: (entry: Entry) => Promise<Receipt>;
}

export interface About {
  name: string;
  transfer: string | null;
}

/** No answer, or one that says to come again: the entry was not judged yet. */
export const isUnjudged = ({ status }: Failure): boolean => status === 0 || status === 401 || status === 429 || status >= 500;

export class Outbox {
  entries = $state.raw<readonly Entry[]>([]);
  sent = $state.raw<readonly Sent[]>([]);
  sending = $state(false);
  readonly #wires: Wires;
  #me: Me | null = null;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(wires: Wires) {
    this.#wires = wires;
  }

  get waiting(): readonly Entry[] {
    return this.entries.filter((entry) => entry.refused === null);
  }

  /** What this person left here before. */
  async open(me: Me): Promise<void> {
    this.#me = me;
    this.sent = [];
    this.entries = (await this.#wires.shelf.of(me.user)).sort((a, b) => a.decidedAt - b.decidedAt);
  }

  /** Keeps the decision, signed, and sends it as soon as there is a way. */
  async ask(command: Command, about: About, person: SigningPerson | null): Promise<Asked> {
    const key = freshKey();
    const body = JSON.stringify(command);
    const signature = person === null ? null : await person.sign(key, body);
    const entry: Entry = { key, user: this.#me?.user ?? "", type: command.type, about: about.name, transfer: about.transfer, body, signature, decidedAt: clock.read(), refused: null };
    await this.#wires.shelf.put(entry);
    this.entries = [...this.entries, entry];
    return (await this.#flushed()).get(key) ?? { stand: "waiting" };
  }

  async flush(): Promise<void> {
    await this.#flushed();
  }

  /** The person has read why it was refused. */
  async dismiss(key: string): Promise<void> {
    await this.#wires.shelf.drop(key);
    this.entries = this.entries.filter((entry) => entry.key !== key);
  }

  /** One flush at a time, or an entry would go out twice. */
  #flushed(): Promise<Map<string, Asked>> {
    const run = this.#turn.then(() => this.#sendAll());
    this.#turn = run.catch(() => undefined);
    return run;
  }

  async #sendAll(): Promise<Map<string, Asked>> {
    const became = new Map<string, Asked>();
    this.sending = true;
    try {
      for (const entry of this.waiting) {
        const asked = await this.#sendOne(entry);
        became.set(entry.key, asked);
        // Later ones may rest on this one: they wait for it.
        if (asked.stand === "waiting") break;
      }
    } finally {
      this.sending = false;
    }
    return became;
  }

  async #sendOne(entry: Entry): Promise<Asked> {
    try {
      const receipt = await this.#wires.send(entry);
      await this.dismiss(entry.key);
      const decision = entry.type === "ask-gate" ? ((receipt.answer ?? null) as unknown as GateDecision | null) : null;
      this.sent = [{ entry, at: clock.read(), decision }, ...this.sent].slice(0, 20);
      return { stand: "taken", receipt };
    } catch (cause) {
      const failure = cause instanceof Failure ? cause : new Failure("internal", 0, String(cause));
      if (isUnjudged(failure)) return { stand: "waiting" };
      const refused: Entry = { ...entry, refused: { code: failure.code, detail: failure.message } };
      await this.#wires.shelf.put(refused);
      this.entries = this.entries.map((kept) => (kept.key === entry.key ? refused : kept));
      return { stand: "refused", failure, key: entry.key };
    }
  }
}
