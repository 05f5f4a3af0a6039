// The marks of seals, drawn at run time for each theme: every severity has its own shape, so that nothing rests on colour.
// Diamond with a stroke: red. Triangle: amber. Square: grey. Disc: normal; hollow disc: silent.
// Cross: a terminal of another maker, whose word nobody signed.
import type { Palette } from "./palette";

const SIZE = 22;
const RATIO = 2;

export const MARKS = ["mark-0", "mark-1", "mark-2", "mark-3", "mark-silent", "mark-unsigned"] as const;
export type Mark = (typeof MARKS)[number];

/** The corners of a cross, going round. */
const CROSS = [[-1, -3], [1, -3], [1, -1], [3, -1], [3, 1], [1, 1], [1, 3], [-1, 3], [-1, 1], [-3, 1], [-3, -1], [-1, -1]] as const;

type Pen = CanvasRenderingContext2D;

function outline(pen: Pen, mark: Mark): void {
  const c = SIZE / 2;
  pen.beginPath();
  switch (mark) {
    case "mark-3":
      pen.moveTo(c, 1.5);
      pen.lineTo(SIZE - 1.5, c);
      pen.lineTo(c, SIZE - 1.5);
      pen.lineTo(1.5, c);
      break;
    case "mark-2":
      pen.moveTo(c, 2);
      pen.lineTo(SIZE - 1.5, SIZE - 3);
      pen.lineTo(1.5, SIZE - 3);
      break;
    case "mark-1":
      pen.rect(4.5, 4.5, SIZE - 9, SIZE - 9);
      break;
    case "mark-unsigned":
      for (const [x, y] of CROSS) pen.lineTo(c + x * 2, c + y * 2);
      break;
    case "mark-0":
    case "mark-silent":
      pen.arc(c, c, 5.5, 0, 2 * Math.PI);
  }
  pen.closePath();
}

function stroke(pen: Pen, colour: string, top: number, bottom: number): void {
  pen.fillStyle = colour;
  pen.fillRect(SIZE / 2 - 1, top, 2, bottom - top - 3);
  pen.fillRect(SIZE / 2 - 1, bottom - 2, 2, 2);
}

/** The pixels of a mark, at twice its size. */
export function drawMark(mark: Mark, palette: Palette): ImageData | null {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = SIZE * RATIO;
  const pen = canvas.getContext("2d");
  if (!pen) return null;
  pen.scale(RATIO, RATIO);
  pen.lineJoin = "round";
  outline(pen, mark);
  const fill = { "mark-0": palette.normal, "mark-1": palette.grey, "mark-2": palette.amber, "mark-3": palette.red, "mark-silent": palette.ring, "mark-unsigned": palette.grey };
  pen.fillStyle = fill[mark];
  pen.fill();
  pen.lineWidth = mark === "mark-silent" ? 2.5 : 1.5;
  pen.strokeStyle = mark === "mark-silent" ? palette.grey : palette.ring;
  pen.stroke();
  if (mark === "mark-3") stroke(pen, palette.onRed, 6, 16.5);
  if (mark === "mark-2") stroke(pen, palette.onAmber, 7.5, 17.5);
  return pen.getImageData(0, 0, canvas.width, canvas.height);
}

export const MARK_RATIO = RATIO;
