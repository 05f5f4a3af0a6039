// What may still be done with a grant. Pure.
import type { Grant, Time } from "../../api/types";

export interface GrantDeeds {
  /** As the tracker has it; `over` where its time ran out before it was used. */
  stand: Grant["standing"] | "over";
  countersign: boolean;
  revoke: boolean;
}

export function deedsOf(grant: Grant, officer: string | null, now: Time): GrantDeeds {
  const open = grant.standing === "proposed" || grant.standing === "given";
  const over = open && now > grant.not_after;
  return {
    stand: over ? "over" : grant.standing,
    countersign: grant.standing === "proposed" && !over && officer !== null && officer !== grant.proposed_by,
    revoke: open && !over && officer !== null,
  };
}
