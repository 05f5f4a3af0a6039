// A list that is walked by keyboard: J, K and arrows move, Enter and O open. For a component's first lines.
import { tick } from "svelte";
import { listen } from "../shell/keys.svelte";

export interface Walk<Row> {
  rows(): readonly Row[];
  idOf(row: Row): string;
  open(row: Row): void;
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
    $effect(() =>
      listen([
        { keys: ["j", "ArrowDown"], label: "keys.next", run: () => this.#step(1) },
        { keys: ["k", "ArrowUp"], label: "keys.previous", run: () => this.#step(-1) },
        { keys: ["o", "Enter"], label: "keys.open", run: () => this.#open() },
      ]),
    );
  }

  current(row: Row): "true" | undefined {
    return this.chosen === this.#walk.idOf(row) ? "true" : undefined;
  }

  #step(by: 1 | -1): void {
    this.chosen = stepFrom(this.#walk.rows().map(this.#walk.idOf), this.chosen, by);
    void tick().then(() => document.querySelector("tr[aria-current]")?.scrollIntoView({ block: "nearest" }));
  }

  #open(): void {
    const row = this.#walk.rows().find((candidate) => this.#walk.idOf(candidate) === this.chosen);
    if (row !== undefined) this.#walk.open(row);
  }
}
