// The live page's memory: loads the rows, listens to the stream, and folds what came into the view twice a second, so that a
// burst of positions costs one drawing.
import { api, Failure } from "../../api/client";
import { openStream } from "../../api/stream";
import type { AnyRecord, Corridors, Places } from "../../api/types";
import { answers } from "../outbox/kept.svelte";
import { clock } from "../time/clock.svelte";
import { isCrowd, moments, Patience } from "../time/patience";
import { applyChanges, EMPTY_VIEW, type LiveView, type RowChange, viewOf } from "./view";

const FOLD_MS = 500;
const RELOAD_MS = 5000;
export const QUIET_AFTER_MS = 60_000;

export type Phase = "loading" | "ready" | "failed" | "forbidden" | "signed-out";
export type Line = "connecting" | "open" | "broken";

const NO_PLACES: Places = { type: "FeatureCollection", features: [] };
const NO_CORRIDORS: Corridors = { type: "FeatureCollection", features: [] };

export class LiveStore {
  phase = $state<Phase>("loading");
  failure = $state<string | null>(null);
  line = $state<Line>("connecting");
  /** When the page last learned something, by the server's clock. */
  heardAt = $state(clock.read());
  view = $state.raw<LiveView>(EMPTY_VIEW);
  places = $state.raw<Places>(NO_PLACES);
  corridors = $state.raw<Corridors>(NO_CORRIDORS);

  #waiting: RowChange[] = [];
  readonly #readers = new Set<(record: AnyRecord) => void>();
  readonly #patience = new Patience(true, moments());
  #loads = 0;
  #close: (() => void) | null = null;
  #fold: ReturnType<typeof setInterval> | null = null;
  #reload: ReturnType<typeof setTimeout> | null = null;

  /**
   * Listens first and loads once the line stands. An event comes once the lists have its row, so nothing falls between; older changes are
   * harmless.
   */
  start(): void {
    this.#listen();
    this.#fold ??= setInterval(() => this.#due(), FOLD_MS);
  }

  stop(): void {
    this.#close?.();
    this.#close = null;
    if (this.#fold) clearInterval(this.#fold);
    if (this.#reload) clearTimeout(this.#reload);
    this.#fold = this.#reload = null;
    this.#patience.stop();
  }

  /** What the person asks for after a failure; the page's own attempts do not flicker. */
  retry(): void {
    this.phase = "loading";
    void this.load();
  }

  /** Changes that come meanwhile wait: the rows may be older than they are. */
  async load(): Promise<void> {
    this.#loads += 1;
    try {
      const [places, corridors, devices, transfers, alerts, terminals] = await Promise.all([
        api.places(),
        api.corridors(),
        api.devices(),
        api.transfers(),
        api.activeAlerts(),
        api.terminals(),
      ]);
      this.places = places;
      this.corridors = corridors;
      this.view = viewOf(devices, transfers, alerts, terminals);
      this.phase = "ready";
      this.heardAt = answers.keptAt ?? clock.read();
    } catch (cause) {
      this.#failed(cause);
    } finally {
      this.#loads -= 1;
    }
  }

  /** Tells records as they come; call what it returns to hear no more. */
  onRecord(reader: (record: AnyRecord) => void): () => void {
    this.#readers.add(reader);
    return () => this.#readers.delete(reader);
  }

  #failed(cause: unknown): void {
    const failure = cause instanceof Failure ? cause : new Failure("other", 0, String(cause));
    this.failure = failure.code;
    if (failure.status === 401) this.phase = "signed-out";
    else if (failure.status === 403) this.phase = "forbidden";
    else if (this.phase !== "ready") this.phase = "failed";
    this.#later();
  }

  #listen(): void {
    this.#close?.();
    this.line = "connecting";
    this.#close = openStream({
      onOpen: (resumed) => {
        this.line = "open";
        if (!resumed) void this.load();
      },
      onChange: (change) => {
        this.heardAt = clock.read();
        if (change.kind === "record") for (const reader of this.#readers) reader(change.body);
        else this.#waiting.push(change);
      },
      onReset: () => void this.load(),
      onBroken: () => {
        this.line = "broken";
        if (this.phase === "loading") void this.load();
      },
      onLost: () => {
        this.line = "broken";
        // The lists know why: a lost session, a missing right, or only a lost stream.
        void this.load().then(() => this.#later());
      },
    });
  }

  /** A stream that was refused has no memory of where it was: start both again. */
  #later(): void {
    const over = this.#fold === null || this.phase === "forbidden" || this.phase === "signed-out";
    if (over) return;
    this.#reload ??= setTimeout(() => {
      this.#reload = null;
      this.#listen();
    }, RELOAD_MS);
  }

  /** The news of a crowd waits for a hand that is busy. */
  #due(): void {
    if (isCrowd(this.view.seals.size)) this.#patience.ask("fold", () => this.#take());
    else this.#take();
  }

  #take(): void {
    if (this.phase !== "ready" || this.#loads > 0 || this.#waiting.length === 0) return;
    const changes = this.#waiting;
    this.#waiting = [];
    this.view = applyChanges(this.view, changes);
  }
}
