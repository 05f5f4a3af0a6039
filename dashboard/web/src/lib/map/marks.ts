// The marks of seals, drawn at run time for each theme: every severity has its own shape, so that nothing rests on colour.
// Diamond with a stroke: red. Triangle: amber. Square: grey. Disc: normal; hollow disc: silent.
// Cross: a terminal of another maker, whose word nobody signed.
import type { SealProperties } from "./features";
import type { Palette } from "./palette";

export const MARK_SIZE = 22;
const RATIO = 2;

export const MARKS = ["mark-0", "mark-1", "mark-2", "mark-3", "mark-silent", "mark-unsigned"] as const;
export type Mark = (typeof MARKS)[number];
const RANKED: readonly Mark[] = MARKS.slice(0, 4);

/** Shapes in a square of `MARK_SIZE`, as paths. */
const DISC = "M16.5 11a5.5 5.5 0 1 1-11 0a5.5 5.5 0 1 1 11 0Z";
export const OUTLINES: Readonly<Record<Mark, string>> = {
  "mark-3": "M11 1.5L20.5 11L11 20.5L1.5 11Z",
  "mark-2": "M11 2L20.5 19L1.5 19Z",
  "mark-1": "M4.5 4.5h13v13h-13Z",
  "mark-unsigned": "M9 5h4v4h4v4h-4v4h-4v-4h-4v-4h4Z",
  "mark-0": DISC,
  "mark-silent": DISC,
};
/** The stroke and the dot on the worst two. */
const SIGNS: Partial<Record<Mark, string>> = { "mark-3": "M10 6h2v7.5h-2ZM10 14.5h2v2h-2Z", "mark-2": "M10 7.5h2v7h-2ZM10 15.5h2v2h-2Z" };

export interface Ink {
  fill: string;
  rim: string;
  rimWidth: number;
  sign: { path: string; fill: string } | null;
}

/** How a mark is painted in a theme. */
export function inkOf(mark: Mark, palette: Palette): Ink {
  const fill = { "mark-0": palette.normal, "mark-1": palette.grey, "mark-2": palette.amber, "mark-3": palette.red, "mark-silent": palette.ring, "mark-unsigned": palette.grey }[mark];
  const path = SIGNS[mark];
  return {
    fill,
    rim: mark === "mark-silent" ? palette.grey : palette.ring,
    rimWidth: mark === "mark-silent" ? 2.5 : 1.5,
    sign: path === undefined ? null : { path, fill: mark === "mark-3" ? palette.onRed : palette.onAmber },
  };
}

/** The mark of one seal. */
export function markOf({ rank, silent, signed }: SealProperties): Mark {
  if (!signed) return "mark-unsigned";
  return rank === 0 && silent ? "mark-silent" : RANKED[rank] ?? "mark-0";
}

/** The pixels of a mark, at twice its size. */
export function drawMark(mark: Mark, palette: Palette): ImageData | null {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = MARK_SIZE * RATIO;
  const pen = canvas.getContext("2d");
  if (!pen) return null;
  pen.scale(RATIO, RATIO);
  pen.lineJoin = "round";
  const outline = new Path2D(OUTLINES[mark]);
  const { fill, rim, rimWidth, sign } = inkOf(mark, palette);
  pen.fillStyle = fill;
  pen.fill(outline);
  pen.lineWidth = rimWidth;
  pen.strokeStyle = rim;
  pen.stroke(outline);
  if (sign) {
    pen.fillStyle = sign.fill;
    pen.fill(new Path2D(sign.path));
  }
  return pen.getImageData(0, 0, canvas.width, canvas.height);
}

export const MARK_RATIO = RATIO;
