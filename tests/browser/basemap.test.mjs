import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";
import { launch, mapIsDrawn, PATIENCE_MS, visitor } from "./floor.mjs";

const GROUND = [18, 52, 86];
const STYLE = { version: 8, sources: {}, layers: [{ id: "ground", type: "background", paint: { "background-color": `rgb(${GROUND})` } }] };

let browser;
let tiles;
let demo;
before(async () => {
  browser = await launch();
  tiles = createServer((_, answer) => answer.setHeader("access-control-allow-origin", "*").end(JSON.stringify(STYLE)));
  await once(tiles.listen(0, "127.0.0.1"), "listening");
});
after(async () => {
  await browser?.close();
  tiles?.close();
  demo?.kill("SIGTERM");
});

/** The platform with an authority's own map; the address at which its officer signs in. */
async function platformWith(style) {
  demo = spawn(process.env.SEALWAY_BIN, ["demo", "--devices", "4", "--http", "127.0.0.1:0", "--basemap", style], { stdio: ["ignore", "pipe", "inherit"] });
  let address;
  for await (const line of createInterface(demo.stdout)) {
    address ??= line.match(/^sign in as customs: (\S+)$/)?.[1];
    if (line.startsWith("ready")) return address;
  }
  throw new Error("the demo ended before it was ready");
}

/** How much of the map has the colour of the authority's ground. */
async function groundShown(page) {
  const picture = await page.locator(".map").first().screenshot();
  return page.evaluate(
    async ({ data, ground }) => {
      const image = new Image();
      image.src = `data:image/png;base64,${data}`;
      await image.decode();
      const context = new OffscreenCanvas(image.width, image.height).getContext("2d");
      context.drawImage(image, 0, 0);
      const { data: pixels } = context.getImageData(0, 0, image.width, image.height);
      let shown = 0;
      for (let i = 0; i < pixels.length; i += 4) shown += ground.every((part, at) => Math.abs(pixels[i + at] - part) < 4) ? 1 : 0;
      return shown / (pixels.length / 4);
    },
    { data: picture.toString("base64"), ground: GROUND },
  );
}

test("an authority's own map lies under places and seals, and the policy lets its host alone be asked", async () => {
  const style = `http://127.0.0.1:${tiles.address().port}/style.json`;
  const address = await platformWith(style);
  const { page, log, close } = await visitor(browser);
  const answer = await page.goto(address);
  assert.match(answer.headers()["content-security-policy"], new RegExp(`connect-src 'self' http://127.0.0.1:${tiles.address().port};`));
  await mapIsDrawn(page);
  await page.waitForFunction(() => document.querySelector("[data-testid=counter-moving] .count, .count"), undefined, { timeout: PATIENCE_MS });
  assert.ok(log.requests.includes(style), "the style was fetched");
  assert.ok((await groundShown(page)) > 0.3, "the ground is the authority's");
  assert.deepEqual(log.violations, []);
  assert.deepEqual(log.errors, []);
  await close();
});
