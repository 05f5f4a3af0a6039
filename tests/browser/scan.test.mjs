// A seal's own label, and another code, before the camera of a browser that has no reader of its own.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { onItsWay, PHONE } from "./counter.mjs";
import { launch, open, SERVER, signIn, tokenOf, visitor } from "./floor.mjs";

const [WIDTH, HEIGHT] = [640, 480];

/** Somebody else's code, of "https://seals.example/?of=7": a row of modules each, dark ones set. */
const FOREIGN = `1fcbe17f 105b2941 175b535d 17506b5d 174bee5d 1040d941 1fd5557f 01d8100 105a68ce 171346b6 1a6c0890 162975e8 1ec0c5e1 f36cb73 1dd3f07c
  b28d115 16d06d0c 1e871377 1cdbd259 17ae71b0 16d917f7 01e9d18 1fc2fb5c 104d8f13 1747bbfa 1741968e 1744047e 104b602d 1fd3569c`.split(/\s+/);

let browser, folder, camera;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "sealway-scan-"));
  camera = join(folder, "label.y4m");
  browser = await launch({ webgl: false, camera });
});
after(async () => {
  await browser?.close();
  await rm(folder, { recursive: true });
});

/** Rows of modules as a code on white. */
function drawn(rows) {
  const dark = rows.flatMap((row, y) => [...Number.parseInt(row, 16).toString(2).padStart(rows.length, "0")].map((module, x) => (module === "1" ? `M${x},${y}h1v1h-1z` : "")));
  const [from, side] = [-4, rows.length + 8];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="${from} ${from} ${side} ${side}"><rect x="${from}" y="${from}" width="${side}" height="${side}" fill="#fff"/><path d="${dark.join("")}"/></svg>`;
}

/** The label as `sealway device label` makes it. */
async function labelOf(seal) {
  const path = join(folder, "label.svg");
  execFileSync(process.env.SEALWAY_BIN, ["device", "label", "--output", path, seal]);
  return readFile(path, "utf8");
}

/** The camera films one picture: the drawing in the middle of a grey wall, as grey values. */
async function filmed(page, svg) {
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
  await writeFile(camera, Buffer.concat([Buffer.from(head), Buffer.from("FRAME\n"), Buffer.from(base64, "base64"), grey]));
}

test("a seal's label held before the camera opens its unit, where the browser itself reads no codes", async () => {
  const { page, log, close } = await visitor(browser, { ...PHONE, worker: false });
  await signIn(page, tokenOf("operator"));
  const transfer = await onItsWay(page);
  await filmed(page, await labelOf(transfer.seal));
  assert.equal(await page.evaluate(() => "BarcodeDetector" in globalThis), false, "the browser reads codes by itself");
  const reader = (url) => /\/assets\/qr-/.test(url);
  assert.ok(!log.requests.some(reader), "the reader is loaded although nobody scans");
  await open(page, "/port");
  await page.getByRole("button", { name: "Scan" }).click();
  await page.waitForURL(`${SERVER}/port/${transfer.id}`);
  assert.ok(log.requests.some(reader));
  assert.deepEqual([log.errors, log.violations], [[], []]);
  await close();
});

test("a carrier registers the seal whose label the camera reads, and a code that is no seal's is named and not taken", async () => {
  const { page, log, close } = await visitor(browser, PHONE);
  await signIn(page, tokenOf("carrier"));
  const seal = `SW-SCAN-${crypto.randomUUID().slice(0, 8).toUpperCase()}`;
  const [ids, take, scan] = [page.getByTestId("ids"), page.getByTestId("take"), page.getByRole("button", { name: "Scan" })];
  await open(page, "/devices");
  await filmed(page, drawn(FOREIGN));
  await scan.click();
  const refusal = page.getByTestId("no-seal");
  await refusal.getByText("HTTPS://SEALS.EXAMPLE/?OF=7 is no seal number").waitFor();
  assert.deepEqual([await ids.inputValue(), await take.isDisabled()], ["", true]);

  await filmed(page, await labelOf(seal));
  await scan.click();
  await page.waitForFunction((read) => document.querySelector("[data-testid=ids]").value === read, seal);
  await refusal.waitFor({ state: "detached" });
  assert.equal(await page.getByTestId("plate").inputValue(), "", "ready for the next");
  // Typed beside it, a number that is none is named too.
  await ids.fill(`${seal}\nno number`);
  await refusal.getByText("NO is no seal number").waitFor();
  assert.equal(await take.isDisabled(), true);
  await ids.fill(seal);
  await take.click();
  const download = page.waitForEvent("download");
  await page.getByTestId("challenges").click();
  assert.match(await readFile(await (await download).path(), "utf8"), new RegExp(`^device,challenge\\s+${seal},[0-9a-f]{64}\\s*$`));
  assert.deepEqual([log.errors, log.violations], [[], []]);
  await close();
});
