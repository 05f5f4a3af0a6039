// The time from which a version is in force, as a date field writes it: in the reader's own zone, empty for at once. Pure.
import type { Time } from "../../api/types";

const two = (number: number): string => String(number).padStart(2, "0");

/** Nothing where it is left empty, or says no time. */
export function timeOf(field: string): Time | null {
  const ms = field === "" ? NaN : new Date(field).getTime();
  return Number.isFinite(ms) ? ms : null;
}

/** To the millisecond where it has any: a version is replaced by one of the very same time. */
export function fieldOf(time: Time | null): string {
  if (time === null) return "";
  const at = new Date(time);
  const minute = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}T${two(at.getHours())}:${two(at.getMinutes())}`;
  if (time % 60_000 === 0) return minute;
  return `${minute}:${two(at.getSeconds())}.${String(at.getMilliseconds()).padStart(3, "0")}`;
}
