import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { findings, launch, mapIsDrawn, open, SERVER, signIn, visitor, waitForAlert } from "./floor.mjs";

let browser, mapless;
before(async () => ([browser, mapless] = await Promise.all([launch(), launch({ webgl: false })])));
after(() => Promise.all([browser?.close(), mapless?.close()]));

for (const language of ["zh", "en"]) {
  for (const theme of ["light", "dark"]) {
    test(`axe finds nothing on the live page (${language}, ${theme})`, async () => {
      const { page, close } = await visitor(browser, { language, theme });
      await signIn(page);
      await mapIsDrawn(page);
      await page.getByTestId("queue").locator("button").first().waitFor();
      await page.keyboard.press("j");
      await page.getByTestId("card").waitFor();
      assert.deepEqual(await findings(page), []);
      await close();
    });

    test(`axe finds nothing on the sign-in (${language}, ${theme})`, async () => {
      const { page, close } = await visitor(mapless, { language, theme });
      await page.goto(`${SERVER}/login#not-a-token`);
      await page.getByTestId("login-error").waitFor();
      assert.deepEqual(await findings(page), []);
      await close();
    });
  }
}

const PAGES = ["/alerts", "/transfers", "/grants", "/write-off", "/gates", "/ledger-imports", "/kpis", "/audit?entry=2", "/keys", "/account"];

for (const [language, theme] of [["zh", "light"], ["en", "dark"]]) {
  test(`axe finds nothing on the officer's pages (${language}, ${theme})`, async () => {
    const { page, close } = await visitor(mapless, { language, theme });
    await signIn(page);
    await waitForAlert(page);
    const { alert, transfer } = await page.evaluate(async () => {
      const first = async (path) => (await (await fetch(path)).json()).items[0].id;
      return { alert: await first("/api/v1/alerts?state=active&limit=1"), transfer: await first("/api/v1/transfers?limit=1") };
    });
    for (const path of [...PAGES, `/alerts/${alert}`, `/transfers/${transfer}`]) {
      await open(page, path);
      await page.locator("[aria-busy=true]").first().waitFor({ state: "detached" });
      assert.deepEqual(await findings(page), [], path);
    }
    await close();
  });
}

test("axe finds nothing on a phone in any view", async () => {
  const { page, close } = await visitor(browser, { width: 360, height: 740 });
  await signIn(page);
  for (const view of ["Alerts", "Map", "Transfers"]) {
    await page.getByRole("group", { name: "View" }).getByRole("button", { name: view }).click();
    assert.deepEqual(await findings(page), [], view);
  }
  await close();
});
