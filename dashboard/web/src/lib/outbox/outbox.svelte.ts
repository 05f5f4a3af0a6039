// Decisions go here first and to the platform from here, in the order in which they were made. What the network keeps back waits; what
// the platform refuses stays, with its word against it, until the person has read it.
import { Failure, freshKey } from "../../api/client";
import type { Command, GateDecision, Me, Receipt, Time } from "../../api/types";
import type { SigningPerson } from "../keys/signing";
import { ANSWER_MS } from "../port/question";
import { clock } from "../time/clock.svelte";
import type { Entry, Sent, Shelf } from "./entry";

/** `on`: what keeps it here. */
export type Asked = { stand: "taken"; receipt: Receipt } | { stand: "waiting"; on: "network" | "seal" } | { stand: "refused"; failure: Failure; key: string };

export interface Wires {
  shelf: Shelf;
  send: (entry: Entry) => Promise<Receipt>;
  /** Asks the transfer's seal to prove that it is there. */
  askSeal: (transfer: string) => Promise<void>;
}

/** So often a seal is asked for one entry: then its person has to look. */
export const QUESTIONS = 5;

/** The questions to a seal on which an entry waits. */
interface Questions {
  count: number;
  newest: Time;
}

export interface About {
  name: string;
  transfer: string | null;
}

/** No answer, or one that says to come again: the entry was not judged yet. */
export const isUnjudged = ({ status }: Failure): boolean => status === 0 || status === 401 || status === 429 || status >= 500;

/** Signed where nobody could ask the seal: only its answer is missing now. */
const needsAnswer = ({ step }: Failure): boolean => step !== null && step.missing.includes("fresh-answer");

export class Outbox {
  entries = $state.raw<readonly Entry[]>([]);
  sent = $state.raw<readonly Sent[]>([]);
  sending = $state(false);
  /** By the entry's key. */
  questions = $state.raw<ReadonlyMap<string, Questions>>(new Map());
  readonly #wires: Wires;
  #me: Me | null = null;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(wires: Wires) {
    this.#wires = wires;
  }

  get waiting(): readonly Entry[] {
    return this.entries.filter((entry) => entry.refused === null);
  }

  /** Whether a decision of this kind on the transfer is still here. */
  waitsFor(type: Command["type"], transfer: string): boolean {
    return this.waiting.some((entry) => entry.type === type && entry.transfer === transfer);
  }

  /** What this person left here before. */
  async open(me: Me): Promise<void> {
    this.#me = me;
    this.sent = [];
    this.questions = new Map();
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
    return (await this.#flushed(key)).get(key) ?? { stand: "waiting", on: "network" };
  }

  async flush(): Promise<void> {
    await this.#flushed();
  }

  /** The person has read why it was refused. */
  async dismiss(key: string): Promise<void> {
    await this.#wires.shelf.drop(key);
    this.entries = this.entries.filter((entry) => entry.key !== key);
    this.questions = new Map([...this.questions].filter(([asked]) => asked !== key));
  }

  /** One flush at a time, or an entry would go out twice. */
  #flushed(fresh?: string): Promise<Map<string, Asked>> {
    const run = this.#turn.then(() => this.#sendAll(fresh));
    this.#turn = run.catch(() => undefined);
    return run;
  }

  /** `fresh`: the key of what a person decides just now, and can be told at once what it needs. */
  async #sendAll(fresh?: string): Promise<Map<string, Asked>> {
    const became = new Map<string, Asked>();
    const behind = new Set<string>();
    this.sending = true;
    try {
      for (const entry of this.waiting) {
        if (entry.transfer !== null && behind.has(entry.transfer)) continue;
        const asked = await this.#sendOne(entry, entry.key === fresh);
        became.set(entry.key, asked);
        // Later ones may rest on this one: they wait for it.
        if (asked.stand !== "waiting") continue;
        if (asked.on === "network") break;
        if (entry.transfer !== null) behind.add(entry.transfer);
      }
    } finally {
      this.sending = false;
    }
    return became;
  }

  async #sendOne(entry: Entry, fresh: boolean): Promise<Asked> {
    try {
      const receipt = await this.#wires.send(entry);
      await this.dismiss(entry.key);
      const decision = entry.type === "ask-gate" ? ((receipt.answer ?? null) as unknown as GateDecision | null) : null;
      this.sent = [{ entry, at: clock.read(), decision }, ...this.sent].slice(0, 20);
      return { stand: "taken", receipt };
    } catch (cause) {
      const failure = cause instanceof Failure ? cause : new Failure("internal", 0, String(cause));
      if (isUnjudged(failure)) return { stand: "waiting", on: "network" };
      if (!fresh && needsAnswer(failure)) return this.#onSeal(entry, failure);
      return this.#refuse(entry, failure);
    }
  }

  /** It stays until the seal has answered. The bytes that were signed stay as they are. */
  async #onSeal(entry: Entry, failure: Failure): Promise<Asked> {
    const { count, newest } = this.questions.get(entry.key) ?? { count: 0, newest: Number.NEGATIVE_INFINITY };
    const open = clock.read() - newest < ANSWER_MS;
    if (!open && (count >= QUESTIONS || entry.transfer === null)) return this.#refuse(entry, failure);
    if (!open) {
      try {
        await this.#wires.askSeal(entry.transfer ?? "");
      } catch (cause) {
        if (cause instanceof Failure && isUnjudged(cause)) return { stand: "waiting", on: "network" };
        return this.#refuse(entry, failure);
      }
      this.questions = new Map(this.questions).set(entry.key, { count: count + 1, newest: clock.read() });
    }
    return { stand: "waiting", on: "seal" };
  }

  async #refuse(entry: Entry, failure: Failure): Promise<Asked> {
    const refused: Entry = { ...entry, refused: { code: failure.code, detail: failure.message, step: failure.step } };
    await this.#wires.shelf.put(refused);
    this.entries = this.entries.map((kept) => (kept.key === entry.key ? refused : kept));
    return { stand: "refused", failure, key: entry.key };
  }
}
