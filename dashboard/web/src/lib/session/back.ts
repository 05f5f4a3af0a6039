// Where a person wanted to go when the door was closed, until they are through it. Each tab has its own. A browser that refuses storage
// only forgets.
const KEY = "sealway.back";

export function keepPlace(path: string): void {
  try {
    sessionStorage.setItem(KEY, path);
  } catch {
    return;
  }
}

/** Gives it once. */
export function takePlace(): string | null {
  try {
    const path = sessionStorage.getItem(KEY);
    sessionStorage.removeItem(KEY);
    return path;
  } catch {
    return null;
  }
}
