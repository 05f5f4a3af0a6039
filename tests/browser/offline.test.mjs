import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, mapIsDrawn, signIn, visitor } from "./floor.mjs";

let browser;
before(async () => (browser = await launch()));
after(() => browser?.close());

test("no request leaves the host, and the map is drawn all the same", async () => {
  const { page, log, close } = await visitor(browser, { language: "zh" });
  await signIn(page);
  await mapIsDrawn(page);
  await page.getByTestId("queue").locator("button").first().waitFor();
  const trail = page.waitForResponse((response) => response.url().includes("/track"));
  await page.keyboard.press("j");
  await trail;
  assert.ok(log.requests.some((url) => url.endsWith(".geojson")), "the base map was not asked for");
  await close();
});

test("a page that leaves the host or breaks the policy fails its test", async () => {
  const { page, close } = await visitor(browser);
  await signIn(page);
  await page.evaluate(() => fetch("http://192.0.2.1/").catch(() => {}));
  await assert.rejects(close, /not within the host and its policy: .*192\.0\.2\.1/);
});

test("the first load is under 400 KB as it is sent, without the map", async () => {
  const { page, close } = await visitor(browser);
  await signIn(page);
  await mapIsDrawn(page);
  const [sent, map] = await page.evaluate(() => {
    const files = [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")].filter(({ name }) => !name.includes("/api/"));
    const ofMap = ({ name }) => /\/(webgl|maplibre|world)-|\/basemap/.test(name);
    const bytes = (files) => files.reduce((sum, file) => sum + file.encodedBodySize, 0);
    return [bytes(files.filter((file) => !ofMap(file))), bytes(files.filter(ofMap))];
  });
  assert.ok(sent > 50_000 && sent < 400_000, `${sent} bytes`);
  assert.ok(map > 100_000, `the map, which is not counted, has ${map} bytes`);
  await close();
});

test("a strict policy stands on the page and nothing breaks it", async () => {
  const { page, log, close } = await visitor(browser);
  const answer = await signIn(page);
  const policy = answer.headers()["content-security-policy"] ?? "";
  assert.match(policy, /default-src '(none|self)'/);
  assert.doesNotMatch(policy, /unsafe-inline|unsafe-eval|https?:|\*/);
  await mapIsDrawn(page);
  await page.getByTestId("theme").click();
  await page.getByTestId("language").click();
  await page.getByRole("heading", { name: /告警队列/ }).waitFor();
  assert.deepEqual(log.violations, []);
  assert.deepEqual(await page.evaluate(() => globalThis.policyViolations), []);
  await close();
});

test("the required attributions stand on the map", async () => {
  const { page, close } = await visitor(browser);
  await signIn(page);
  const text = await page.locator(".attribution").innerText();
  for (const due of ["© OpenStreetMap contributors", "ODbL 1.0", "scgraph_data", "searoute (Apache-2.0)", "GeoNames (CC BY 4.0)", "world-geo-json-zh"]) {
    assert.ok(text.includes(due), `${due} is missing in: ${text}`);
  }
  await close();
});
