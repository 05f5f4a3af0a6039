// What the live page shows, and how events change it. Pure: a batch of changes makes a new view; only touched maps are copied.
import type { Alert, Change, Device, Severity, Terminal, Transfer } from "../../api/types";
import { moveSeal, sealOfDevice, sealOfTerminal, type Seal } from "./seal";

export interface LiveView {
  readonly seals: ReadonlyMap<string, Seal>;
  readonly transfers: ReadonlyMap<string, Transfer>;
  /** Active alerts only: a cleared one leaves the floor, not the records. */
  readonly alerts: ReadonlyMap<number, Alert>;
}

/** A change of one of the rows; records are for the pages that read them. */
export type RowChange = Exclude<Change, { kind: "record" }>;

export const EMPTY_VIEW: LiveView = { seals: new Map(), transfers: new Map(), alerts: new Map() };

export function viewOf(
  devices: readonly Device[],
  transfers: readonly Transfer[],
  alerts: readonly Alert[],
  terminals: readonly Terminal[] = [],
): LiveView {
  const marked = [...devices.map(sealOfDevice), ...terminals.filter((terminal) => terminal.revoked_at == null).map(sealOfTerminal)];
  return {
    seals: new Map(marked.map((seal) => [seal.id, seal])),
    // By unit, as the table has them: what is nearly in order is sorted in one pass.
    transfers: new Map(transfers.toSorted(byUnit).map((transfer) => [transfer.id, transfer])),
    alerts: new Map(alerts.filter((alert) => alert.cleared_at == null).map((alert) => [alert.id, alert])),
  };
}

/** Unit numbers are capital letters and digits: their own order is that of the alphabet. */
export function byUnit(a: Pick<Transfer, "unit">, b: Pick<Transfer, "unit">): number {
  return a.unit < b.unit ? -1 : a.unit > b.unit ? 1 : 0;
}

/** The view after the changes, in the order in which they came. */
export function applyChanges(view: LiveView, changes: readonly RowChange[]): LiveView {
  if (changes.length === 0) return view;
  const draft = new Draft(view);
  for (const change of changes) apply(draft, change);
  return draft.done();
}

function apply(draft: Draft, change: RowChange): void {
  switch (change.kind) {
    case "position": {
      const position = change.body;
      draft.seals().set(position.device, moveSeal(draft.seals().get(position.device), position));
      const transfer = position.transfer == null ? undefined : draft.transfers().get(position.transfer);
      if (transfer && position.progress_km != null) {
        draft.transfers().set(transfer.id, { ...transfer, progress_km: position.progress_km });
      }
      return;
    }
    case "movement":
      draft.transfers().set(change.body.id, change.body);
      return;
    case "alert":
      if (change.body.cleared_at == null) draft.alerts().set(change.body.id, change.body);
      else draft.alerts().delete(change.body.id);
      return;
    case "device": {
      const seal = sealOfDevice(change.body);
      const known = draft.seals().get(seal.id);
      // A row may be behind the positions that were told since; what the seal itself said last stays.
      const behind = known !== undefined && known.ctr > seal.ctr;
      draft.seals().set(seal.id, behind ? { ...known, owner: seal.owner, quarantined: seal.quarantined } : keepFix(seal, known));
      return;
    }
  }
}

/** The newest report may be one without a fix: the last position is still the last position. */
function keepFix(seal: Seal, known: Seal | undefined): Seal {
  return seal.fix === null && known?.fix ? { ...seal, fix: known.fix } : seal;
}

/** A view under change: a map is copied at its first touch. */
class Draft {
  readonly #from: LiveView;
  #seals: Map<string, Seal> | undefined;
  #transfers: Map<string, Transfer> | undefined;
  #alerts: Map<number, Alert> | undefined;

  constructor(view: LiveView) {
    this.#from = view;
  }

  seals(): Map<string, Seal> {
    return (this.#seals ??= new Map(this.#from.seals));
  }

  transfers(): Map<string, Transfer> {
    return (this.#transfers ??= new Map(this.#from.transfers));
  }

  alerts(): Map<number, Alert> {
    return (this.#alerts ??= new Map(this.#from.alerts));
  }

  done(): LiveView {
    return {
      seals: this.#seals ?? this.#from.seals,
      transfers: this.#transfers ?? this.#from.transfers,
      alerts: this.#alerts ?? this.#from.alerts,
    };
  }
}

/** Severities from harmless to worst; the rank is what a cluster compares. */
export const SEVERITY_RANK: Readonly<Record<Severity, number>> = { grey: 1, amber: 2, red: 3 };

export function rankOf(severity: Severity | null | undefined): number {
  return severity ? SEVERITY_RANK[severity] : 0;
}

/** The active alerts of one seal or transfer. */
export interface Tally {
  open: number;
  worst: Severity;
}

export type Tallies = ReadonlyMap<string, Tally>;

export const tallyBySeal = (alerts: Iterable<Alert>): Tallies => tally(alerts, (alert) => alert.device);

/**
 * Counted here and not taken from the transfer's row, so that queue, map and table never disagree between two events.
 */
export const tallyByTransfer = (alerts: Iterable<Alert>): Tallies => tally(alerts, (alert) => alert.transfer ?? null);

function tally(alerts: Iterable<Alert>, ownerOf: (alert: Alert) => string | null): Tallies {
  const tallies = new Map<string, Tally>();
  for (const alert of alerts) {
    const owner = ownerOf(alert);
    if (owner === null) continue;
    const known = tallies.get(owner);
    const worst = known && rankOf(known.worst) >= rankOf(alert.severity) ? known.worst : alert.severity;
    tallies.set(owner, { open: (known?.open ?? 0) + 1, worst });
  }
  return tallies;
}
