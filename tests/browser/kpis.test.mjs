import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { command, launch, open, signIn, tokenOf, visitor, waitForAlert } from "./floor.mjs";

let browser;
before(async () => (browser = await launch({ webgl: false })));
after(() => browser?.close());

for (const language of ["en", "zh"]) {
  test(`a manager reads what was released automatically and what was a false alarm (${language})`, async () => {
    const { page, log, close } = await visitor(browser, { language });
    await signIn(page);
    await waitForAlert(page);
    // An officer has decided an alert of a transfer: from then on there is a rate.
    const { id: alert, transfer } = await page.evaluate(async () => {
      const { items } = await (await fetch("/api/v1/alerts?limit=500")).json();
      return items.find((row) => row.transfer != null && row.acknowledged_by == null);
    });
    await command(page, { type: "acknowledge-alert", alert });
    await command(page, { type: "decide-alert", alert, verdict: "false-alarm", transfer, reason: "looked at" });
    await open(page, "/kpis");
    const shown = page.getByTestId("kpi-automatic");
    await shown.waitFor();
    const { all } = await page.evaluate(async () => (await fetch("/api/v1/kpis")).json());
    const percent = (share) => share.toLocaleString(language === "zh" ? "zh-CN" : "en-GB", { style: "percent", maximumFractionDigits: 1 });
    assert.match(await shown.innerText(), new RegExp(percent(all.automatic_release_rate)));
    assert.match(await page.getByTestId("kpi-false").innerText(), new RegExp(percent(all.false_alarm_rate)));
    assert.ok(all.false_alarms > 0);
    assert.ok((await page.getByTestId("kpi-places").locator("tbody tr").count()) > 1);
    assert.match(await page.getByTestId("kpi-days").locator("th").first().innerText(), /UTC/);
    if (language === "zh") assert.doesNotMatch(await page.getByTestId("kpis-page").innerText(), /\bp\d\d|\bmin\b/);
    await page.getByTestId("kpi-curve").first().locator(".uplot").waitFor();
    assert.deepEqual(log.errors, []);
    await close();
  });
}

test("an operator reads the figures of its own places only", async () => {
  const { page, close } = await visitor(browser, { width: 360, height: 740 });
  await signIn(page, tokenOf("operator"));
  await open(page, "/kpis");
  await page.getByTestId("kpi-places").waitFor();
  const foreign = await page.evaluate(async () => {
    const { places } = await (await fetch("/api/v1/kpis")).json();
    return places.filter(({ place }) => !place.includes("xian")).map(({ place }) => place);
  });
  assert.deepEqual(foreign, []);
  const main = await page.locator("#content").evaluate((box) => box.scrollWidth - box.clientWidth);
  assert.ok(main <= 1, `the page scrolls ${main} px sideways`);
  await close();
});
