// Fields that hold a form up say why in the interface's language: the browser would say it in its own.
import { t } from "../i18n/index.svelte";
import { objectionTo } from "./objection";

const isField = (target: unknown): target is HTMLInputElement => target instanceof HTMLElement && "setCustomValidity" in target;

function object(event: Event): void {
  if (!isField(event.target)) return;
  const objection = objectionTo(event.target);
  if (objection !== null) event.target.setCustomValidity(t(objection.key, objection.values));
}

function forget(field: unknown): void {
  if (isField(field)) field.setCustomValidity("");
}

/** Before a form looks at its fields again what was said of them is forgotten: it may have been mended since. */
function forgetForm(event: Event): void {
  const button = event.target instanceof Element ? event.target.closest("button") : null;
  for (const field of button?.form?.elements ?? []) forget(field);
}

/** Gives what ends it. */
export function watchFields(): () => void {
  const until = new AbortController();
  const caught = { capture: true, signal: until.signal };
  document.addEventListener("invalid", object, caught);
  document.addEventListener("input", (event) => forget(event.target), caught);
  document.addEventListener("click", forgetForm, caught);
  return () => until.abort();
}
