// A list that is walked by keyboard: J, K and arrows move, Enter and O open. For a component's first lines; a page has one, or one key
// would mean two rows.
import { tick } from "svelte";
import { listen } from "../shell/keys.svelte";

export interface Walk<Row> {
  rows(): readonly Row[];
  idOf(row: Row): string;
  open(row: Row): void;
  /** Of alerts that the person may acknowledge. */
  acknowledge?: ((row: Row) => void) | undefined;
  /** Where another part of the page has these keys. */
  idle?: boolean;
}

/** The id of the row after a step; at the ends it stays, and without a choice it enters at the top. Pure. */
export function stepFrom(ids: readonly string[], chosen: string | null, by: 1 | -1): string | null {
  const at = chosen === null ? -1 : ids.indexOf(chosen);
  if (at < 0) return ids[0] ?? null;
  return ids[Math.min(ids.length - 1, Math.max(0, at + by))] ?? null;
}

export class RowWalk<Row> {
  chosen = $state<string | null>(null);
  readonly #walk: Walk<Row>;

  constructor(walk: Walk<Row>) {
    this.#walk = walk;
    $effect(() => {
      const { acknowledge, idle } = walk;
      if (idle) return;
      return listen([
        { keys: ["j", "ArrowDown"], label: "keys.next", run: () => this.#step(1) },
        { keys: ["k", "ArrowUp"], label: "keys.previous", run: () => this.#step(-1) },
        { keys: ["o", "Enter"], label: "keys.open", run: () => this.#onChosen((row) => walk.open(row)) },
        ...(acknowledge ? [{ keys: ["a"], label: "keys.acknowledge" as const, run: () => this.#onChosen(acknowledge) }] : []),
      ]);
    });
  }

  /** What the row of the table carries; its first link or button has the focus while it is chosen. */
  row(row: Row): { "data-row": string; "aria-current": "true" | undefined } {
    const id = this.#walk.idOf(row);
    return { "data-row": id, "aria-current": this.chosen === id ? "true" : undefined };
  }

  /** Whoever came to a row by the tabulator goes on from there. */
  get #held(): string | null {
    return document.activeElement?.closest<HTMLElement>("tr[data-row]")?.dataset["row"] ?? this.chosen;
  }

  #step(by: 1 | -1): void {
    this.chosen = stepFrom(this.#walk.rows().map(this.#walk.idOf), this.#held, by);
    void tick().then(() => {
      const row = this.chosen === null ? null : document.querySelector(`tr[data-row="${CSS.escape(this.chosen)}"]`);
      row?.querySelector<HTMLElement>("a, button")?.focus({ preventScroll: true });
      row?.scrollIntoView({ block: "nearest" });
    });
  }

  #onChosen(what: (row: Row) => void): void {
    const held = this.#held;
    const row = this.#walk.rows().find((candidate) => this.#walk.idOf(candidate) === held);
    if (row !== undefined) what(row);
  }
}
