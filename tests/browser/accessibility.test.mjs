import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { findings, launch, mapIsDrawn, open, SERVER, signIn, tokenOf, visitor, waitForAlert } from "./floor.mjs";
import { settled } from "./pages.mjs";

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
      await settled(page);
      assert.deepEqual(await findings(page), [], path);
    }
    await close();
  });
}

for (const [role, paths] of [["auditor", ["/gates", "/corridors"]], ["admin", ["/lines", "/corridors", "/account"]]]) {
  test(`axe finds nothing on the ${role}'s own pages and in the dialog of the keys (zh)`, async () => {
    const { page, close } = await visitor(mapless, { language: "zh" });
    await signIn(page, tokenOf(role));
    for (const path of paths) {
      await open(page, path);
      await settled(page);
      const row = page.getByTestId("list").getByRole("button").first();
      if (path === "/corridors") await row.click();
      await settled(page);
      assert.deepEqual(await findings(page), [], path);
    }
    await page.locator("h1").click();
    await page.keyboard.press("?");
    await page.getByRole("dialog").waitFor();
    assert.deepEqual(await findings(page), [], "the dialog of the keys");
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
