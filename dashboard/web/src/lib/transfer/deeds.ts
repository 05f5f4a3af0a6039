// From what an officer chose to the command that does it. Pure.
import type { Command, Conclusion, SealFound, Time, Transfer, VerifiedLine } from "../../api/types";
import type { Deed } from "./next";

/** What a person writes or chooses for a deed; a deed takes what it needs. */
export interface Given {
  text: string;
  conclusion: Conclusion;
  seal: SealFound;
  /** What was counted; nothing where a quantity is no number, empty where everything was there. */
  lines: readonly VerifiedLine[] | null;
  /** The seal's epoch, as its newest report has it. */
  epoch: number | null;
}

/** Deeds that need words. */
export const NEEDS_TEXT: readonly Deed[] = ["release", "lift-hold", "lift-quarantine", "resume", "reply-enquiry", "verify", "write-off"];

/** Nothing where something that the deed needs is not there. */
export function commandOf(transfer: Transfer, deed: Deed, given: Given): Command | null {
  const { id, seal } = transfer;
  const text = given.text.trim();
  if (NEEDS_TEXT.includes(deed) && text === "") return null;
  switch (deed) {
    case "submit":
      return { type: "submit-transfer", transfer: id };
    case "accept":
      return { type: "accept-transfer", transfer: id };
    case "countersign":
      return given.epoch === null ? null : { type: "countersign-seal", transfer: id, seal, epoch: given.epoch };
    case "release":
      return { type: "release-transfer", transfer: id, reason: text };
    case "lift-hold":
      return { type: "lift-hold", transfer: id, reason: text };
    case "lift-quarantine":
      return { type: "lift-quarantine", device: seal, reason: text };
    case "resume":
      return { type: "resume-transfer", transfer: id, note: text };
    case "reply-enquiry":
      return { type: "reply-enquiry", transfer: id, reply: text };
    case "hand-over":
      return { type: "hand-over", transfer: id, place: transfer.destination };
    case "verify":
      if (given.lines === null) return null;
      return { type: "verify-transfer", transfer: id, conclusion: given.conclusion, verified: [...given.lines], seal: given.seal, note: text };
    case "write-off":
      return { type: "write-off-transfer", transfer: id, note: text };
    // These have forms of their own.
    case "close-enquiry":
    case "grant":
      return null;
  }
}

export interface GrantWish {
  device: string;
  epoch: number;
  lat: number;
  lon: number;
  radiusM: number;
  notBefore: Time;
  notAfter: Time;
}

/** A grant under a fresh id of 16 bytes, hex. */
export function grantCommand(wish: GrantWish, grant: string, officer: string): Command {
  const e7 = (degrees: number): number => Math.round(degrees * 1e7);
  return {
    type: "issue-grant",
    grant,
    device: wish.device,
    epoch: wish.epoch,
    circle: { lat_e7: e7(wish.lat), lon_e7: e7(wish.lon), radius_m: Math.round(wish.radiusM) },
    not_before: wish.notBefore,
    not_after: wish.notAfter,
    authorised_by: officer,
  };
}
