// An authority's own map under places and seals: a style in its network, and a file of outlines, with WebGL and without.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { launch, mapIsDrawn, PATIENCE_MS, visitor } from "./floor.mjs";
import { lived, serve } from "./platform.mjs";

const GROUND = [18, 52, 86];
const STYLE = { version: 8, sources: {}, layers: [{ id: "ground", type: "background", paint: { "background-color": `rgb(${GROUND})` } }] };
const WHOSE = "GS(2026)1234 Bureau of Surveying";

/** The own country where the west of the map is, a neighbour beside it, and nothing but the sea in the east. */
const block = (west, east) => [[[west, 5], [east, 5], [east, 65], [west, 65], [west, 5]]];
const state = (coordinates, home) => ({ type: "Feature", properties: { kind: "state", home }, geometry: { type: "Polygon", coordinates } });
const province = { type: "Feature", properties: { kind: "province" }, geometry: { type: "LineString", coordinates: [[90, 20], [90, 50]] } };
const OUTLINES = { type: "FeatureCollection", features: [state(block(40, 100), true), state(block(100, 108), false), province] };

let drawn, plain, tiles, folder;
before(async () => {
  [drawn, plain, folder] = await Promise.all([launch(), launch({ webgl: false }), lived([["customs", "xian-customs"]])]);
  tiles = createServer((_, answer) => answer.setHeader("access-control-allow-origin", "*").end(JSON.stringify(STYLE)));
  await once(tiles.listen(0, "127.0.0.1"), "listening");
});
after(async () => {
  await Promise.all([drawn?.close(), plain?.close()]);
  tiles?.close();
  await rm(folder.home, { recursive: true, force: true });
});

async function platformWith(t, map) {
  const platform = await serve(folder, { sections: `[map]\nbasemap = ${JSON.stringify(map)}\nattribution = "${WHOSE}"\n` });
  t.after(() => platform.stop({ keep: true }));
  return platform;
}

/** A visitor on the watch floor of that platform, and the policy of its page. */
async function onTheFloor(browser, { address }) {
  const guest = await visitor(browser);
  const answer = await guest.page.goto(`${address}/login#${folder.tokens[0]}`);
  await guest.page.waitForFunction(() => document.querySelector("[data-testid=counter-moving] .count, .count"), undefined, { timeout: PATIENCE_MS });
  await guest.page.locator(".attribution", { hasText: WHOSE }).first().waitFor();
  return { ...guest, policy: answer.headers()["content-security-policy"] };
}

/** How much of the map has the colour, between two shares of its width. */
async function shareOf(page, colour, [from, to] = [0, 1]) {
  const picture = await page.locator(".map").first().screenshot();
  return page.evaluate(
    async ({ data, colour, from, to }) => {
      const image = new Image();
      image.src = `data:image/png;base64,${data}`;
      await image.decode();
      const context = new OffscreenCanvas(image.width, image.height).getContext("2d");
      context.drawImage(image, 0, 0);
      const [left, width] = [Math.floor(image.width * from), Math.floor(image.width * (to - from))];
      const { data: pixels } = context.getImageData(left, 0, width, image.height);
      let shown = 0;
      for (let i = 0; i < pixels.length; i += 4) shown += colour.every((part, at) => Math.abs(pixels[i + at] - part) < 4) ? 1 : 0;
      return shown / (pixels.length / 4);
    },
    { data: picture.toString("base64"), colour, from, to },
  );
}

/** Home in the west and the sea in the east, in the colours that the page without WebGL has them in; what it has of the country lies elsewhere. */
async function showsTheFile(page, { home, sea }) {
  const [west, east] = [[0, 0.25], [0.75, 1]];
  const shares = [await shareOf(page, home, west), await shareOf(page, sea, east), await shareOf(page, home, east)];
  assert.ok(shares[0] > 0.7 && shares[1] > 0.7 && shares[2] < 0.05, `west, east and east again: ${shares}`);
}

test("an authority's own map lies under places and seals, and the policy lets its host alone be asked", async (t) => {
  const style = `http://127.0.0.1:${tiles.address().port}/style.json`;
  const platform = await platformWith(t, style);
  const { page, log, policy, close } = await onTheFloor(drawn, platform);
  assert.match(policy, new RegExp(`connect-src 'self' http://127.0.0.1:${tiles.address().port};`));
  await mapIsDrawn(page);
  assert.ok(log.requests.includes(style), "the style was fetched");
  assert.ok((await shareOf(page, GROUND)) > 0.3, "the ground is the authority's");
  assert.deepEqual(log.errors, []);
  await close();
});

test("an authority's file of outlines is the map, drawn with WebGL and without, under its own name, and nobody else is asked", async (t) => {
  const file = join(folder.home, "outlines.geojson");
  await writeFile(file, JSON.stringify(OUTLINES));
  const platform = await platformWith(t, file);
  const still = await onTheFloor(plain, platform);
  const ground = (kind) => still.page.locator(`[data-ground=${kind}]`);
  await ground("provinces").waitFor({ state: "attached" });
  const runs = (kind) => ground(kind).evaluate((path) => path.getAttribute("d").match(/M[^M]*/g).map((run) => run.split("L").length));
  assert.deepEqual([await runs("home"), await runs("states"), await runs("provinces")], [[5], [5], [2]], "the file's features and no others");
  const colours = await still.page.evaluate(() => {
    const rgb = (element) => getComputedStyle(element).fill.match(/\d+/g).slice(0, 3).map(Number);
    return { home: rgb(document.querySelector("[data-ground=home]")), sea: rgb(document.querySelector("[data-testid=still-map] > rect")) };
  });
  await showsTheFile(still.page, colours);

  const webgl = await onTheFloor(drawn, platform);
  await mapIsDrawn(webgl.page);
  await showsTheFile(webgl.page, colours);
  for (const { page, log, policy, close } of [still, webgl]) {
    assert.match(policy, /connect-src 'self';/);
    assert.deepEqual(log.requests.filter((url) => !url.startsWith(`${platform.address}/`) && !/^(blob|data):/.test(url)), []);
    assert.ok(log.requests.includes(`${platform.address}/api/v1/basemap/outlines`) && !log.requests.some((url) => url.includes("world")), "not the bundled map");
    assert.doesNotMatch(await page.locator(".attribution").first().innerText(), /world-geo-json/, "not the bundled map's name");
    assert.deepEqual(log.errors, []);
    await close();
  }
});

test("a file that is no map ends the platform at its start, with its name and what is wrong in it", async (t) => {
  const file = join(folder.home, "bad.geojson");
  for (const [content, said] of [
    ["PK\u0003\u0004", /bad\.geojson: expected value at line 1 column 1, expected a GeoJSON FeatureCollection of outlines/],
    [JSON.stringify({ ...OUTLINES, type: "Topology" }), /bad\.geojson: type "Topology" with its features, expected a GeoJSON FeatureCollection/],
    [JSON.stringify({ ...OUTLINES, features: [province, { ...province, properties: { kind: "river" } }] }), /bad\.geojson: feature 1 of kind "river", expected .*"state" or "province"/],
  ]) {
    await writeFile(file, content);
    await assert.rejects(platformWith(t, file), said);
  }
  const missing = join(folder.home, "none.geojson");
  await assert.rejects(platformWith(t, missing), /map\.basemap = ".*none\.geojson": expected "bundled", the path of a GeoJSON file that can be read/);
  for (const path of [file, missing]) {
    const { status, stderr } = spawnSync(process.env.SEALWAY_BIN, ["demo", "--basemap", path, "--http", "127.0.0.1:0"], { encoding: "utf8", timeout: PATIENCE_MS });
    assert.ok(status > 0 && stderr.includes(path) && stderr.includes("expected"), `${status}: ${stderr}`);
  }
});
