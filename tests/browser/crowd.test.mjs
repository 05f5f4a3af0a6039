// Ten thousand seals under way, each on a connection of its own: what the watch floor says of them. How fast it does is measured by crowd.mjs.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { counted, enter, eventually, launch, mapIsDrawn, until, visitor } from "./browser.mjs";
import { crowdOf, listed } from "./crowd_platform.mjs";
import { engineAtHand, mapRests } from "./drawn.mjs";

const UNITS = 10_000;
const EVERY_MS = 40_000;
/** Every seal has reported, and once more. */
const ROUNDS = { timeout: 2 * EVERY_MS };

let crowd, drawn, plain;
before(async () => {
  crowd = await crowdOf(UNITS, { history: 3, everyMs: EVERY_MS });
  [drawn, plain] = await Promise.all([launch({ alone: true }), launch({ webgl: false })]);
});
after(async () => {
  await Promise.all([drawn?.close(), plain?.close()]);
  await crowd?.stop();
});

const transfers = () => listed(crowd.address, crowd.token, "/transfers");

async function floor(browser) {
  const { page, log, close } = await visitor(browser);
  await engineAtHand(page);
  await enter(page, crowd.address, crowd.token);
  return { page, log, close };
}

test("every one of ten thousand units is counted, and found by its number", async () => {
  const { page, log, close } = await floor(plain);
  const all = await transfers();
  assert.equal(all.length, UNITS);
  await eventually("page and list count the same", async () => {
    const underWay = (await transfers()).filter(({ state }) => state === "in-transit").length;
    return underWay > 0.99 * UNITS && underWay === (await counted(page, "in-transit"));
  }, ROUNDS);
  const rows = page.getByTestId("transfers").locator("tbody tr");
  for (const { unit, seal } of [all.at(-1), all[UNITS / 2], all[0]]) {
    await page.getByRole("searchbox").fill(unit);
    await rows.filter({ hasText: seal }).waitFor();
    await eventually(`${unit} alone is listed`, async () => (await rows.count()) === 1);
  }
  assert.deepEqual(log.errors, []);
  await close();
});

test("with WebGL the clusters and single seals of the map are ten thousand together", async () => {
  const { page, log, close } = await floor(drawn);
  await mapIsDrawn(page);
  await until(page, (n) => drawnMap.getSource("seals").serialize().data.features.length === n, UNITS);
  await mapRests(page);
  const shown = await page.evaluate(() => {
    drawnMap.jumpTo({ center: [95, 35], zoom: 1 });
    return new Promise((idle) => drawnMap.once("idle", () => idle(drawnMap.querySourceFeatures("seals").map(({ properties }) => [properties.cluster_id ?? properties.id, properties.point_count ?? 1]))));
  });
  const groups = new Map(shown);
  assert.equal([...groups.values()].reduce((sum, n) => sum + n, 0), UNITS);
  assert.deepEqual(log.errors, []);
  await close();
});

test("without WebGL they are too", async () => {
  const { page, log, close } = await floor(plain);
  await page.getByTestId("still-map").waitFor();
  await until(page, (n) => [...document.querySelectorAll("[data-testid=still-map] [data-mark]")].reduce((sum, { dataset }) => sum + Number(dataset.seals), 0) === n, UNITS);
  assert.deepEqual(log.errors, []);
  await close();
});

test("the next report of one among them reaches its card by itself", async () => {
  const { page, log, close } = await floor(plain);
  const [{ unit, seal }] = await transfers();
  await page.getByRole("searchbox").fill(unit);
  await page.getByTestId("transfers").locator("tbody tr", { hasText: seal }).getByRole("button").first().click();
  await page.getByTestId("card").waitFor();
  const reported = () => page.evaluate(() => [...document.querySelectorAll("[data-testid=card] dt")].find(({ textContent }) => textContent === "Last report").nextElementSibling.firstElementChild.title);
  const before = await reported();
  await eventually(`the next report of ${seal}`, async () => (await reported()) !== before, ROUNDS);
  assert.deepEqual(log.errors, []);
  await close();
});
