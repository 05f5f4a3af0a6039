// A photo before it is named: small enough for a phone's line, and hashed over exactly the bytes that will be sent.
import { hexOf, sha256 } from "../proof/bytes";

export interface Photo {
  /** SHA-256, hex. */
  hash: string;
  content: Blob;
  name: string;
}

/** As many as an incident may name. */
export const PHOTOS = 8;
const KINDS: readonly string[] = ["image/jpeg", "image/png", "image/webp"];
/** Larger ones are drawn anew. */
const BYTES = 1_500_000;
/** Of the longer side of one that is drawn anew. */
const PIXELS = 2560;
const QUALITY = 0.85;

export class NotAPhoto extends Error {}

/** Width and height within a square of `side`, in the same proportion and never enlarged. */
export function within({ width, height }: { width: number; height: number }, side: number): { width: number; height: number } {
  const share = Math.min(1, side / Math.max(width, height, 1));
  return { width: Math.max(1, Math.round(width * share)), height: Math.max(1, Math.round(height * share)) };
}

/** A file that a person chose, as it will be sent. */
export async function photoOf(file: File): Promise<Photo> {
  const content = file.size <= BYTES && KINDS.includes(file.type) ? file : await redrawn(file);
  return { hash: hexOf(await sha256(new Uint8Array(await content.arrayBuffer()))), content, name: file.name };
}

async function redrawn(file: File): Promise<Blob> {
  const picture = await createImageBitmap(file).catch(() => {
    throw new NotAPhoto(file.name);
  });
  try {
    const { width, height } = within(picture, PIXELS);
    const canvas = new OffscreenCanvas(width, height);
    canvas.getContext("2d")?.drawImage(picture, 0, 0, width, height);
    return await canvas.convertToBlob({ type: "image/jpeg", quality: QUALITY });
  } finally {
    picture.close();
  }
}
