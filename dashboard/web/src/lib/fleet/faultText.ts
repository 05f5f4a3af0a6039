// What is wrong with a field, in words.
import { t } from "../i18n/index.svelte";
import type { FieldFault } from "./faults";

export function faultText(wrong: FieldFault): string {
  switch (wrong.what) {
    case "check-digit":
    case "exceeds":
    case "differs":
      return t(`fault.${wrong.what}`, { ...wrong });
    default:
      return t(`fault.${wrong.what}`);
  }
}
