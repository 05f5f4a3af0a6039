// What the browser keeps for one person between visits. A browser that refuses storage only forgets.
const PREFIX = "sealway.";

export type Remembered = "language" | "theme" | "checkpoint" | `tour.${string}`;

export function recall(what: Remembered): string | null {
  try {
    return localStorage.getItem(PREFIX + what);
  } catch {
    return null;
  }
}

export function remember(what: Remembered, value: string): void {
  try {
    localStorage.setItem(PREFIX + what, value);
  } catch {
    return;
  }
}
