// What a person filled in and did not send, until this tab is closed or they sign out: a reload or a look at another page loses nothing.
// A browser that refuses storage only forgets.
import { parsed } from "../../api/client";

const PREFIX = "sealway.draft.";

export function keepDraft(name: string, draft: unknown): void {
  try {
    sessionStorage.setItem(PREFIX + name, JSON.stringify(draft));
  } catch {
    return;
  }
}

export function draftOf<Draft>(name: string): Draft | null {
  try {
    return parsed<Draft>(sessionStorage.getItem(PREFIX + name) ?? "null");
  } catch {
    return null;
  }
}

export function draftNames(beginning: string): string[] {
  try {
    return Object.keys(sessionStorage).filter((key) => key.startsWith(PREFIX + beginning)).map((key) => key.slice(PREFIX.length));
  } catch {
    return [];
  }
}

export function dropDraft(name: string): void {
  try {
    sessionStorage.removeItem(PREFIX + name);
  } catch {
    return;
  }
}

export function dropDrafts(): void {
  for (const name of draftNames("")) dropDraft(name);
}
