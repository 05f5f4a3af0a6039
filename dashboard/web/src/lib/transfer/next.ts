// What a transfer waits for: who has to act, why, and the command that does it. Pure. The tracker has the last word.
import type { EnquiryStanding, Role, Transfer } from "../../api/types";

export type Actor = "customs" | "carrier" | "operator" | "seal" | "nobody";
export type Deed =
  | "accept"
  | "countersign"
  | "release"
  | "lift-hold"
  | "lift-quarantine"
  | "resume"
  | "hand-over"
  | "grant"
  | "verify"
  | "write-off"
  | "submit"
  | "reply-enquiry"
  | "close-enquiry";

export interface Next {
  actor: Actor;
  /** A key of the dictionary under `next.`. */
  reason: NextReason;
  deed: Deed | null;
  /** It should have happened already. */
  late: boolean;
}

export type NextReason =
  | "held"
  | "custody"
  | "enquiry"
  | "replied"
  | "recovery"
  | "draft"
  | "declared"
  | "accepted"
  | "sealed"
  | "released"
  | "in-transit"
  | "overdue"
  | "incident"
  | "arrived"
  | "handed-over"
  | "proposed"
  | "unsealing-granted"
  | "unsealed"
  | "verified"
  | "written-off"
  | "cancelled";

/** `enquiry`: how the newest one into the transfer stands, where that is known; `proposed`: whether a grant waits for its second officer. */
export function nextOf(transfer: Transfer, enquiry: EnquiryStanding | null = null, proposed = false): Next {
  const late = transfer.punctuality !== "on-time";
  const next = (actor: Actor, reason: NextReason, deed: Deed | null = null): Next => ({ actor, reason, deed, late });
  const over = transfer.state === "written-off" || transfer.state === "cancelled";
  // No word ends an unsatisfactory verification, only a later one.
  const doubted = transfer.holds.length > 0 && transfer.holds.every((hold) => hold.reason === "unsatisfactory");
  const recovery = transfer.holds.length > 0 && transfer.holds.every((hold) => hold.reason === "recovery");
  if (!over && recovery && transfer.punctuality === "recovery") return next("customs", "recovery", "close-enquiry");
  if (!over && transfer.holds.length > 0) return next("customs", "held", doubted ? "verify" : "lift-hold");
  if (!over && transfer.custody_held) return next("customs", "custody", "lift-quarantine");
  switch (transfer.state) {
    case "draft":
      return next("carrier", "draft", "submit");
    case "declared":
      return next("customs", "declared", "accept");
    case "accepted":
      return next("customs", "accepted", "countersign");
    case "sealed":
      return next("customs", "sealed", "release");
    case "released":
      return next("seal", "released");
    case "in-transit":
      if (transfer.punctuality === "enquiry" && enquiry === "replied") return next("customs", "replied", "close-enquiry");
      if (transfer.punctuality === "enquiry") return next("carrier", "enquiry", "reply-enquiry");
      return late ? next("carrier", "overdue") : next("seal", "in-transit");
    case "incident":
      return next("customs", "incident", "resume");
    case "arrived":
      return next("operator", "arrived", "hand-over");
    case "handed-over":
      return proposed ? next("customs", "proposed") : next("customs", "handed-over", "grant");
    case "unsealing-granted":
      return next("seal", "unsealing-granted");
    case "unsealed":
      return next("customs", "unsealed", "verify");
    case "verified":
      return next("customs", "verified", "write-off");
    case "written-off":
    case "cancelled":
      return next("nobody", transfer.state);
  }
}

/** What a next action is worked out from besides the transfer itself. */
export type Source = "enquiries" | "postings" | "device";

/** What the next action rests on: while that is not known, it is not to be told or not to be offered. */
export function restsOn({ reason, deed }: Pick<Next, "reason" | "deed">): Source | null {
  if (reason === "enquiry" || reason === "replied") return "enquiries";
  if (deed === "verify") return "postings";
  return deed === "countersign" || deed === "grant" ? "device" : null;
}

/** Whether it is this person's turn. */
export function isTurnOf(next: Next, role: Role): boolean {
  return next.deed !== null && next.actor === role;
}
