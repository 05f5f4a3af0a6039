// What an officer may do about an enquiry into a transfer. Pure. The tracker has the last word.
import type { Command, Transfer } from "../../api/types";

/** Opens one; closes it either way; takes what lapsed or was not accepted after all. */
export type EnquiryDeed = "open" | "close" | "accept";

const UNDER_WAY = ["released", "in-transit", "incident"];

export function enquiryDeedOf({ state, punctuality }: Pick<Transfer, "state" | "punctuality">): EnquiryDeed | null {
  if (!UNDER_WAY.includes(state)) return null;
  if (punctuality === "enquiry") return "close";
  return punctuality === "recovery" ? "accept" : "open";
}

/** Nothing without words. `accepted` counts only where either way is open. */
export function enquiryCommand(transfer: string, deed: EnquiryDeed, accepted: boolean, text: string): Command | null {
  const words = text.trim();
  if (words === "") return null;
  if (deed === "open") return { type: "open-enquiry", transfer, reason: words };
  return { type: "close-enquiry", transfer, accepted: deed === "accept" || accepted, note: words };
}
