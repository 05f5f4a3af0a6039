// The one who stands behind a change, in words.
import type { By } from "../../api/types";
import { t } from "../i18n/index.svelte";

export function signerOf(by: By): string {
  if (by === "clock") return t("by.clock");
  if ("user" in by) return by.user;
  if ("signed" in by) return t("by.signed", { user: by.signed.user, key: by.signed.key });
  if ("seal" in by) return t("by.seal", { seal: by.seal.device, ctr: by.seal.ctr });
  if ("order" in by) return t("by.order", { order: by.order.order, officer: by.order.officer });
  return t("by.gate", { gate: by.gate });
}
