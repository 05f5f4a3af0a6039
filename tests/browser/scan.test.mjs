// A seal's own label before the camera of a browser that has no reader of its own.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { onItsWay, PHONE } from "./counter.mjs";
import { launch, open, SERVER, signIn, tokenOf, visitor } from "./floor.mjs";

const [WIDTH, HEIGHT] = [640, 480];

/** The label as `sealway device label` makes it. */
async function labelOf(seal, folder) {
  const path = join(folder, "label.svg");
  execFileSync(process.env.SEALWAY_BIN, ["device", "label", "--output", path, seal]);
  return readFile(path, "utf8");
}

/** A film of one picture: the drawing in the middle of a grey wall, as grey values. */
async function filmOf(page, svg, path) {
  const base64 = await page.evaluate(
    async ([svg, width, height]) => {
      const picture = new Image();
      picture.src = URL.createObjectURL(new Blob([svg], { type: "image/svg+xml" }));
      await picture.decode();
      const drawing = new OffscreenCanvas(width, height).getContext("2d");
      drawing.fillStyle = "#888";
      drawing.fillRect(0, 0, width, height);
      const side = height * 0.7;
      drawing.fillStyle = "#fff";
      drawing.fillRect((width - side) / 2, (height - side) / 2, side, side);
      drawing.drawImage(picture, (width - side) / 2, (height - side) / 2, side, side);
      const { data } = drawing.getImageData(0, 0, width, height);
      return btoa(Array.from({ length: width * height }, (_, at) => String.fromCharCode(data[at * 4])).join(""));
    },
    [svg, WIDTH, HEIGHT],
  );
  const grey = Buffer.alloc((WIDTH * HEIGHT) / 2, 128);
  const head = `YUV4MPEG2 W${WIDTH} H${HEIGHT} F10:1 Ip A1:1 C420jpeg\n`;
  await writeFile(path, Buffer.concat([Buffer.from(head), Buffer.from("FRAME\n"), Buffer.from(base64, "base64"), grey]));
}

test("a seal's label held before the camera opens its unit, where the browser itself reads no codes", async () => {
  const folder = await mkdtemp(join(tmpdir(), "sealway-scan-"));
  const camera = join(folder, "label.y4m");
  const browser = await launch({ webgl: false, camera });
  try {
    const { page, log, close } = await visitor(browser, { ...PHONE, worker: false });
    await signIn(page, tokenOf("operator"));
    const transfer = await onItsWay(page);
    await filmOf(page, await labelOf(transfer.seal, folder), camera);
    assert.equal(await page.evaluate(() => "BarcodeDetector" in globalThis), false, "the browser reads codes by itself");
    const reader = (url) => /\/assets\/qr-/.test(url);
    assert.ok(!log.requests.some(reader), "the reader is loaded although nobody scans");
    await open(page, "/port");
    await page.getByRole("button", { name: "Scan" }).click();
    await page.waitForURL(`${SERVER}/port/${transfer.id}`);
    assert.ok(log.requests.some(reader));
    assert.deepEqual([log.errors, log.violations], [[], []]);
    await close();
  } finally {
    await browser.close();
    await rm(folder, { recursive: true });
  }
});
