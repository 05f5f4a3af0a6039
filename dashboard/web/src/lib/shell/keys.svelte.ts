// The keyboard of a page: what is registered works and is listed under `?`. Nothing fires while somebody types.
import { untrack } from "svelte";
import type { Key } from "../i18n/zh";

export interface Shortcut {
  /** As `KeyboardEvent.key` gives them, letters small. */
  keys: readonly string[];
  label: Key;
  run: (event: KeyboardEvent) => void;
}

let groups = $state.raw<readonly (readonly Shortcut[])[]>([]);

export const keyboard = {
  /** What works now; the newest part of the page first. */
  get shortcuts(): readonly Shortcut[] {
    return [...groups].reverse().flat();
  },
};

/** Registers shortcuts; call what it returns to take them back. For an `$effect`. */
export function listen(shortcuts: readonly Shortcut[]): () => void {
  // Whoever registers does not follow what others register.
  untrack(() => (groups = [...groups, shortcuts]));
  return () => untrack(() => (groups = groups.filter((group) => group !== shortcuts)));
}

function typing(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest("input, textarea, select, [contenteditable], dialog") !== null;
}

/** Arrows and Enter belong to what has the focus, where it does something with them. */
function ownKeys(target: EventTarget | null, key: string): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (key === "Enter" || key === " ") return target.closest("a, button, summary") !== null;
  return key.startsWith("Arrow") && (target.closest("[role=region], canvas, [role=slider]") !== null || scrolls(target, key));
}

/** Whether it is a box that the keyboard scrolls, and has more that way. */
function scrolls(target: HTMLElement, key: string): boolean {
  if (!target.matches('[role=group][tabindex="0"]')) return false;
  const across = key === "ArrowLeft" || key === "ArrowRight";
  return across ? target.scrollWidth > target.clientWidth : target.scrollHeight > target.clientHeight;
}

/** Runs the first shortcut of the key. */
export function press(event: KeyboardEvent): void {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || typing(event.target)) return;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (ownKeys(event.target, key)) return;
  const found = keyboard.shortcuts.find((shortcut) => shortcut.keys.includes(key));
  if (!found) return;
  event.preventDefault();
  found.run(event);
}
