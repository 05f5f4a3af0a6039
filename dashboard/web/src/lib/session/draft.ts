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

export function dropDraft(name: string): void {
  try {
    sessionStorage.removeItem(PREFIX + name);
  } catch {
    return;
  }
}

export function dropDrafts(): void {
  try {
    for (const key of Object.keys(sessionStorage)) if (key.startsWith(PREFIX)) sessionStorage.removeItem(key);
  } catch {
    return;
  }
}
