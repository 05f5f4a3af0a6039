// From the figures of places and days to what the charts draw. Pure.
import type { FiguresOfDay } from "../../api/types";

/** Days of UTC as unix seconds, ascending, and beside them one row of values for each line. */
export interface Lines {
  days: readonly number[];
  lines: readonly { place: string | null; values: readonly (number | null)[] }[];
}

export const secondsOf = (day: string): number => Date.parse(`${day}T00:00:00Z`) / 1000;

const daysOf = (rows: readonly FiguresOfDay[]): string[] => [...new Set(rows.map((row) => row.day))].sort();

/** A share of counts, over all places of a day together, percent. */
export function shareByDay(rows: readonly FiguresOfDay[], part: (row: FiguresOfDay) => number, whole: (row: FiguresOfDay) => number): Lines {
  const days = daysOf(rows);
  const values = days.map((day) => {
    const ofDay = rows.filter((row) => row.day === day);
    const all = ofDay.reduce((sum, row) => sum + whole(row), 0);
    return all === 0 ? null : (100 * ofDay.reduce((sum, row) => sum + part(row), 0)) / all;
  });
  return { days: days.map(secondsOf), lines: [{ place: null, values }] };
}

/** A measure of every place for itself: medians of two places make no median of both. */
export function measureByDay(rows: readonly FiguresOfDay[], measure: (row: FiguresOfDay) => number | null | undefined): Lines {
  const days = daysOf(rows);
  const lines = [...new Set(rows.map((row) => row.place))].sort().map((place) => ({
    place,
    values: days.map((day) => {
      const row = rows.find((candidate) => candidate.day === day && candidate.place === place);
      return row === undefined ? null : (measure(row) ?? null);
    }),
  }));
  return { days: days.map(secondsOf), lines: lines.filter(({ values }) => values.some((value) => value !== null)) };
}

export const released = ({ figures }: FiguresOfDay): number => figures.released_automatically + figures.released_by_people;
export const hasValues = ({ lines }: Lines): boolean => lines.some(({ values }) => values.some((value) => value !== null));
