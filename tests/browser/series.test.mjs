import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { enter, findings, launch, visitor } from "./floor.mjs";
import { lived, serve, silentPort } from "./platform.mjs";

let browser, platform, token;
before(async () => {
  browser = await launch({ webgl: false });
  // There is something to be late with.
  const folder = await lived([["customs", "xian-customs"]]);
  [token] = folder.tokens;
  const sections = `[series]\nstore = "influxdb"\n[series.influx]\nurl = "http://127.0.0.1:${await silentPort()}"\nbucket = "sealway"\n`;
  platform = await serve(folder, { sections });
});
after(async () => {
  await platform?.stop();
  await browser?.close();
});

for (const [language, said] of [["en", /Time series not written: \d+ entries behind/], ["zh", /时序库不可写：滞后 \d+ 条/]]) {
  test(`the bar says that the database of the time series is away, and by how much it is behind (${language})`, async () => {
    const { page, close } = await visitor(browser, { language });
    await enter(page, platform.address, token);
    const series = page.getByTestId("series");
    await series.waitFor();
    const words = await series.innerText();
    assert.match(words, said);
    assert.equal(await series.getAttribute("data-state"), "failing");
    const { lag, failing_since: since, backend } = await page.evaluate(async () => (await fetch("/api/v1/series/state")).json());
    assert.equal(backend, "influxdb");
    assert.ok(lag > 0 && since > 0, `${lag} entries behind since ${since}`);
    // The log goes on without it: the transfers are all there.
    assert.ok((await page.getByTestId("transfers").locator("tbody tr").count()) > 0);
    assert.deepEqual(await findings(page), []);
    await close();
  });
}
