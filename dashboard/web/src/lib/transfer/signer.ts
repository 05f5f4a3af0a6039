// Who stands behind a change, and how that is said. Words and names are arguments, so that both sides share it.
import type { By } from "../../api/types";
import type { Values } from "../i18n/fill";
import type { Key } from "../i18n/zh";

/** The person, signed or not; nobody where a seal, a gate, a standing order or a clock did it. */
export function personOf(by: By): string | null {
  if (by === "clock") return null;
  if ("user" in by) return by.user;
  return "signed" in by ? by.signed.user : null;
}

export function signerWords(by: By, say: (key: Key, values?: Values) => string, personName: (id: string) => string): string {
  if (by === "clock") return say("by.clock");
  if ("user" in by) return personName(by.user);
  if ("signed" in by) return say("by.signed", { user: personName(by.signed.user), key: by.signed.key });
  if ("seal" in by) return say("by.seal", { seal: by.seal.device, ctr: by.seal.ctr });
  if ("order" in by) return say("by.order", { order: by.order.order, officer: personName(by.order.officer) });
  return say("by.gate", { gate: by.gate });
}
