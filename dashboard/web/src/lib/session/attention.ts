// Whether somebody is there. An open page asks for this and that by itself for ever; the server is told which requests those are, so that
// a screen that was left ends its session.
const GONE_AFTER_MS = 60_000;
const SIGNS = ["pointerdown", "pointermove", "keydown", "wheel", "touchstart"] as const;

let last = Date.now();

/** Until what it returns is called. */
export function watchAttention(): () => void {
  const seen = (): void => void (last = Date.now());
  const how = { capture: true, passive: true };
  for (const sign of SIGNS) addEventListener(sign, seen, how);
  return () => SIGNS.forEach((sign) => removeEventListener(sign, seen, how));
}

export const attended = (now = Date.now()): boolean => now - last < GONE_AFTER_MS;
