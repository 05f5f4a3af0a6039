// When heavy work is done. A frame of a map that the processor draws, or the fold of a crowd's news, holds up the whole page: then it waits
// until the hand rests, so that the answer to the hand is seen first. What is asked for in the meantime is done once, as it is then.

/** A hand that has done nothing for so long rests. */
export const REST_MS = 250;
/** Nothing waits longer than this for a hand that never rests. */
export const LONGEST_MS = 2000;

/** From so many seals on it is a crowd. */
const CROWD = 2000;

export const isCrowd = (seals: number): boolean => seals > CROWD;

/** How long a crowd stands between two drawings, each of which is all of it sent to the worker, grouped anew, and some frames. */
export function gapFor(seals: number, cheap: boolean): number {
  if (!isCrowd(seals)) return 0;
  return cheap ? 2000 : 5000;
}

export interface Moments {
  now(): number;
  /** When the hand last did something. */
  hand(): number;
}

interface Wait {
  what: () => void;
  since: number;
  gap: number;
}

export class Patience {
  readonly #heedsHand: boolean;
  readonly #moments: Moments;
  /** The newest wish of each kind, oldest kind first. */
  readonly #waiting = new Map<string, Wait>();
  readonly #done = new Map<string, number>();
  #timer: ReturnType<typeof setTimeout> | null = null;

  constructor(heedsHand: boolean, moments: Moments) {
    this.#heedsHand = heedsHand;
    this.#moments = moments;
  }

  /** `gap`: the least time between two of the kind. */
  ask(kind: string, what: () => void, gap = 0): void {
    const now = this.#moments.now();
    this.#waiting.set(kind, { what, since: this.#waiting.get(kind)?.since ?? now, gap });
    this.#look();
  }

  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#waiting.clear();
  }

  #dueAt(kind: string, { since, gap }: Wait): number {
    const rested = this.#heedsHand ? Math.min(this.#moments.hand() + REST_MS, since + LONGEST_MS) : 0;
    return Math.max(rested, (this.#done.get(kind) ?? -Infinity) + gap);
  }

  /** Does what is due, and comes again for the rest. */
  #look(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const now = this.#moments.now();
    let next = Infinity;
    for (const [kind, wait] of [...this.#waiting]) {
      const due = this.#dueAt(kind, wait);
      if (due > now) {
        next = Math.min(next, due);
        continue;
      }
      this.#waiting.delete(kind);
      this.#done.set(kind, now);
      wait.what();
    }
    if (next < Infinity) this.#timer = setTimeout(() => this.#look(), next - now);
  }
}

let handAt = -Infinity;
let watched = false;
const note = (): void => void (handAt = performance.now());

/** The moments of this page. */
export function moments(): Moments {
  if (!watched) {
    watched = true;
    for (const name of ["pointerdown", "pointerup", "keydown", "wheel"]) addEventListener(name, note, { capture: true, passive: true });
  }
  return { now: () => performance.now(), hand: () => handAt };
}
