// Numbers and times as people read them. Pure: language and time are arguments.
import { fill, type Language } from "./fill";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** An age in at most two units; never negative, whatever the clocks say. */
export function formatAge(language: Language, ms: number): string {
  const age = Math.max(0, ms);
  if (age < MINUTE) return fill(language, "age.seconds", { n: Math.floor(age / SECOND) });
  if (age < HOUR) return fill(language, "age.minutes", { n: Math.floor(age / MINUTE) });
  if (age >= 2 * DAY) return fill(language, "age.days", { n: Math.floor(age / DAY) });
  const hours = Math.floor(age / HOUR);
  const minutes = Math.floor((age % HOUR) / MINUTE);
  if (minutes === 0 || hours >= 10) return fill(language, "age.hours", { n: hours });
  return fill(language, "age.hoursMinutes", { n: hours, m: minutes });
}

// Two clocks are never quite the same: what just happened may seem to be to come.
const NEAR = MINUTE;

/** How long ago, or how long until then; what is `planned` is to come up to its very instant, and what happened was told by a clock that runs ahead. */
export function formatFromNow(language: Language, at: number, now: number, planned = false): string {
  const ahead = at - now;
  if (ahead > (planned ? 0 : NEAR)) return fill(language, planned ? "card.until" : "card.ahead", { age: formatAge(language, ahead) });
  return fill(language, "card.ago", { age: formatAge(language, -ahead) });
}

/** Kilometres, whole. */
export function formatKm(tag: string, km: number): string {
  return `${Math.round(km).toLocaleString(tag)} km`;
}

/** Metres; from a kilometre on as kilometres, to the tenth. */
export function formatMetres(tag: string, metres: number): string {
  if (metres < 1000) return `${Math.round(metres).toLocaleString(tag)} m`;
  return `${(metres / 1000).toLocaleString(tag, { maximumFractionDigits: 1 })} km`;
}

/** Centimetres per second as km/h. */
export function formatSpeed(tag: string, cmPerSecond: number): string {
  return `${Math.round(cmPerSecond * 0.036).toLocaleString(tag)} km/h`;
}

export function formatCount(tag: string, count: number): string {
  return count.toLocaleString(tag);
}

/** A share of 0 to 1 in percent; a dash where there is none. */
export function formatShare(tag: string, share: number | null | undefined): string {
  return share == null ? "–" : share.toLocaleString(tag, { style: "percent", maximumFractionDigits: 1 });
}

/** Minutes to a tenth; a dash where there are none. */
export function formatMinutes(tag: string, minutes: number | null | undefined): string {
  if (minutes == null) return "–";
  return `${minutes.toLocaleString(tag, { maximumFractionDigits: 1 })} ${tag.startsWith("zh") ? "分钟" : "min"}`;
}

/** Date and time to the second, in the reader's zone. */
export function formatInstant(tag: string, ms: number): string {
  return new Intl.DateTimeFormat(tag, { dateStyle: "medium", timeStyle: "medium" }).format(ms);
}

/** Day and minute, in the reader's zone: what fits a column on paper, where nothing counts on. */
export function formatMoment(tag: string, ms: number): string {
  return new Intl.DateTimeFormat(tag, { month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", hour12: false }).format(ms);
}

/** Share of the way done, 0 to 1; nothing when the length is unknown. */
export function progressShare(progressKm: number | null | undefined, lengthKm: number | null | undefined): number | null {
  if (progressKm == null || lengthKm == null || lengthKm <= 0) return null;
  return Math.min(1, Math.max(0, progressKm / lengthKm));
}
