// Where the names of places stand on a still map: none over another, over a mark or over the edge. Pure.
import type { Size } from "./camera";

export interface Label {
  id: string;
  text: string;
  /** The place's own pixel. */
  at: readonly [number, number];
  /** Small ones go first where room is scarce. */
  order: number;
}

export interface Placed extends Label {
  /** The middle of the text's line. */
  x: number;
  y: number;
}

interface Box {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

const SIZE = 11;
const HALF_LINE = 8;
const WIDE = /[\u2e80-\uffef]/;

/** Near enough: letters are drawn with the fonts of the machine. */
const widthOf = (text: string): number => [...text].reduce((sum, letter) => sum + SIZE * (WIDE.test(letter) ? 1 : 0.58), 0);

const around = (x: number, y: number, halfWidth: number, halfHeight: number): Box => ({ left: x - halfWidth, right: x + halfWidth, top: y - halfHeight, bottom: y + halfHeight });
const meet = (a: Box, b: Box): boolean => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;

const within = (box: Box, { width, height }: Size): boolean => box.left >= 0 && box.top >= 0 && box.right <= width && box.bottom <= height;

/** The labels for which there is room; `marks`: pixels of what they must keep clear of, beside the places' own points. */
export function placed(labels: readonly Label[], marks: readonly (readonly [number, number])[], size: Size): Placed[] {
  const taken = [...marks.map(([x, y]) => around(x, y, 12, 12)), ...labels.map(({ at: [x, y] }) => around(x, y, 4, 4))];
  const shown: Placed[] = [];
  for (const label of labels.toSorted((a, b) => a.order - b.order)) {
    const half = widthOf(label.text) / 2;
    const [x, y] = label.at;
    for (const [cx, cy] of [[x, y + 13], [x, y - 13], [x + half + 8, y], [x - half - 8, y]] as const) {
      const box = around(cx, cy, half, HALF_LINE);
      if (!within(box, size) || taken.some((other) => meet(other, box))) continue;
      taken.push(box);
      shown.push({ ...label, x: cx, y: cy });
      break;
    }
  }
  return shown;
}
