// QR codes where the browser reads none by itself. A module of its own, so that only who scans loads it.
import { decodeQR } from "qr/decode.js";

/** A picture of the camera is drawn as large as this at most: a label held before it needs no more, and a phone reads it in time. */
const LONGEST_PX = 800;

export interface Picture {
  width: number;
  height: number;
  data: Uint8ClampedArray;
}

/** What the code in the picture says; nothing where there is none, or none that can be read. */
export function readQr(picture: Picture): string | null {
  try {
    return decodeQR(picture);
  } catch {
    return null;
  }
}

export function lookForQr(): (video: HTMLVideoElement) => Promise<string | null> {
  const drawing = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  if (drawing === null) throw new Error("the browser draws no picture of the camera");
  return async (video) => {
    const scale = Math.min(1, LONGEST_PX / Math.max(video.videoWidth, video.videoHeight, 1));
    const [width, height] = [Math.round(video.videoWidth * scale), Math.round(video.videoHeight * scale)];
    if (width === 0 || height === 0) return null;
    Object.assign(drawing.canvas, { width, height });
    drawing.drawImage(video, 0, 0, width, height);
    return readQr(drawing.getImageData(0, 0, width, height));
  };
}
