import encodeQR from "qr";
import { expect, test } from "vitest";
import { type Picture, readQr } from "./qr";

const PIXELS = 6;

/** A code as a camera has it; `light` and `dark` are what it makes of white and black. */
function pictureOf(text: string, { light = 255, dark = 0 } = {}): Picture {
  const modules = encodeQR(text, "raw", { border: 4 });
  const side = modules.length * PIXELS;
  const data = new Uint8ClampedArray(side * side * 4).fill(255);
  for (let at = 0; at < side * side; at += 1) {
    const row = modules[Math.floor(at / side / PIXELS)];
    data.fill(row?.[Math.floor((at % side) / PIXELS)] ? dark : light, at * 4, at * 4 + 3);
  }
  return { width: side, height: side, data };
}

test.each(["SW-R-00049", "QD-0000-1111-2222", "CSQU3054383"])("the code %s is read in full light and in dusk", (text) => {
  expect(readQr(pictureOf(text))).toBe(text);
  expect(readQr(pictureOf(text, { light: 120, dark: 60 }))).toBe(text);
});

test("where there is no code, or a spoilt one, nothing is read", () => {
  const spoilt = pictureOf("SW-R-00049");
  spoilt.data.fill(255, 0, spoilt.data.length / 2);
  expect(readQr(spoilt)).toBeNull();
  expect(readQr({ width: 64, height: 64, data: new Uint8ClampedArray(64 * 64 * 4).fill(200) })).toBeNull();
});
