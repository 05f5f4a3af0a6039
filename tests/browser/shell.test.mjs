import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, open, SERVER, signIn, tokenOf, visitor, waitForAlert } from "./floor.mjs";
import { goWithin, settled } from "./pages.mjs";

let browser;
before(async () => (browser = await launch({ webgl: false })));
after(() => browser?.close());

const entries = (page) => page.getByRole("navigation").getByRole("link").evaluateAll((links) => links.map((link) => new URL(link.href).pathname));

const PAGES = {
  customs: ["/", "/alerts", "/transfers", "/grants", "/write-off", "/gates", "/handover", "/kpis", "/corridors", "/audit", "/keys"],
  carrier: ["/", "/fleet", "/declare", "/alerts", "/transfers", "/receipts", "/devices", "/keys"],
  operator: ["/", "/port", "/alerts", "/transfers", "/kpis", "/keys"],
  auditor: ["/", "/alerts", "/transfers", "/grants", "/write-off", "/gates", "/kpis", "/corridors", "/audit", "/keys"],
  admin: ["/", "/alerts", "/transfers", "/kpis", "/corridors", "/audit", "/lines", "/keys"],
};

for (const [role, expected] of Object.entries(PAGES)) {
  test(`${role} has exactly these pages in the navigation, and each of them opens`, async () => {
    const { page, log, close } = await visitor(browser);
    await signIn(page, tokenOf(role));
    assert.deepEqual(await entries(page), expected);
    for (const path of expected.slice(1)) {
      await open(page, path);
      assert.equal(new URL(page.url()).pathname, path);
      assert.equal(await page.getByRole("navigation").locator("[aria-current=page]").getAttribute("href"), path);
    }
    assert.deepEqual(log.errors, []);
    await close();
  });
}

test("a page that is not a carrier's says so, also at its address, and an address of nothing says so too", async () => {
  const { page, close } = await visitor(browser);
  await signIn(page, tokenOf("carrier"));
  await page.goto(`${SERVER}/audit`);
  await page.getByText("You may not see this page").waitFor();
  await page.goto(`${SERVER}/nowhere`);
  await page.getByText("There is no such page").waitFor();
  await page.getByRole("link", { name: "Back to the live page" }).click();
  await page.getByTestId("floor").waitFor();
  await close();
});

/** Pages of what is asked for once; lists that are carried on live have the age of the line, in the bar. */
const ASKED = { customs: ["/grants", "/write-off", "/gates", "/handover", "/kpis", "/audit", "/keys"], carrier: ["/receipts"], admin: ["/lines"] };

test("what a page has asked for says how old it is, and grows older", async () => {
  for (const [role, paths] of Object.entries(ASKED)) {
    const { page, close } = await visitor(browser);
    await signIn(page, tokenOf(role));
    for (const path of paths) {
      await open(page, path);
      const age = page.getByTestId("as-of").first();
      await age.waitFor();
      assert.match(await age.innerText(), /^as of \d+ s ago$/, path);
    }
    if (role === "customs") await page.getByTestId("as-of").filter({ hasText: /as of [3-9] s ago/ }).waitFor();
    await close();
  }
});

/** The keys of an officer's pages beside those of every page. */
const KEYS = { "/": "J ↓ K ↑ A O", "/alerts": "J ↓ K ↑ A O ↵", "/transfers": "J ↓ K ↑ O ↵", "/audit": "J ↓ K ↑ O ↵", "/grants": "" };
const EVERYWHERE = "? 1 2 3 4 5 6 7 8 9";

test("the question mark lists exactly the keys of the page in both languages, a digit opens a page, and typing is only typing", async () => {
  const { page, close } = await visitor(browser);
  await signIn(page);
  await waitForAlert(page);
  const dialog = page.getByTestId("help-dialog");
  const sorted = (words) => words.split(" ").filter(Boolean).sort();
  for (const [path, keys] of Object.entries(KEYS)) {
    await goWithin(page, path);
    await settled(page);
    for (const acknowledge of ["Acknowledge the chosen alert", "确认所选告警"]) {
      await page.keyboard.press("?");
      await dialog.waitFor();
      assert.deepEqual((await dialog.locator("kbd").allInnerTexts()).sort(), sorted(`${keys} ${EVERYWHERE}`), path);
      assert.equal((await dialog.innerText()).includes(acknowledge), keys.includes("A"), path);
      await page.keyboard.press("Escape");
      await dialog.waitFor({ state: "detached" });
      await page.getByTestId("language").click();
    }
  }
  await goWithin(page, "/");
  await page.getByTestId("queue").locator("button").first().waitFor();
  await page.keyboard.press("j");
  await page.getByTestId("card").waitFor();
  await page.keyboard.press("Escape");
  await page.getByTestId("card").waitFor({ state: "detached" });
  await page.getByRole("searchbox").fill("2");
  assert.equal(new URL(page.url()).pathname, "/");
  await page.getByRole("searchbox").fill("");
  await page.getByRole("heading", { name: /Alert queue/ }).click();
  await page.evaluate(() => document.activeElement?.blur());
  await page.keyboard.press("2");
  await page.getByTestId("alerts-page").waitFor();
  await page.goBack();
  await page.getByTestId("floor").waitFor();
  await close();
});

test("a page keeps what it shows when the network goes, says how old it is, and comes back", async () => {
  const { page, close } = await visitor(browser);
  await signIn(page);
  await open(page, "/audit");
  await page.getByTestId("size").waitFor();
  await page.context().setOffline(true);
  await page.getByRole("button", { name: "Look again" }).click();
  const stale = page.getByTestId("stale").first();
  await stale.waitFor();
  assert.match(await stale.innerText(), /\d+ s ago/);
  assert.ok(await page.getByTestId("size").isVisible());
  await page.context().setOffline(false);
  await stale.getByRole("button", { name: "Try again" }).click();
  await stale.waitFor({ state: "detached" });
  await close();
});

test("at 360 px every page fits, and the navigation opens as a sheet", async () => {
  const { page, close } = await visitor(browser, { width: 360, height: 740 });
  await signIn(page);
  for (const path of PAGES.customs.slice(1)) {
    await page.locator("button.menu").click();
    await page.getByRole("navigation").locator(`a[href="${path}"]`).click();
    await page.waitForURL(`${SERVER}${path}`);
    await page.locator("#content h1").waitFor({ state: "attached" });
    const { wide, room } = await page.evaluate(() => ({ wide: document.documentElement.scrollWidth, room: innerWidth }));
    assert.ok(wide <= room, `${path}: ${wide} px in ${room} px`);
    const main = await page.locator("#content").evaluate((box) => box.scrollWidth - box.clientWidth);
    assert.ok(main <= 1, `${path}: the page scrolls ${main} px sideways`);
  }
  await close();
});
