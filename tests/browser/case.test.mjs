import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, open, SERVER, signIn, tokenOf, visitor, waitForAlert } from "./floor.mjs";

let browser;
before(async () => (browser = await launch({ webgl: false })));
after(() => browser?.close());

/** Opens the case of the worst alert that nobody has looked at. */
async function openCase(page) {
  await open(page, "/alerts");
  const row = page.getByTestId("alerts").locator("tbody tr", { hasText: "Waits" }).first();
  await row.getByRole("link").first().click();
  await page.getByTestId("case").waitFor();
  return new URL(page.url()).pathname.split("/").at(-1);
}

test("an officer reads the signed frames of an alert, acknowledges, takes, notes and decides it", async () => {
  const { page, log, close } = await visitor(browser);
  await signIn(page);
  await waitForAlert(page);
  const id = await openCase(page);
  const frames = page.getByTestId("frames");
  if ((await page.getByText("No frame is the evidence").count()) === 0) {
    await frames.locator("summary").first().click();
    assert.match(await frames.innerText(), /signature good/);
    assert.match(await frames.innerText(), /As received/);
    assert.doesNotMatch(await frames.innerText(), /signature bad|no key of this seal/);
  }
  await page.getByTestId("acknowledge").click();
  const history = page.getByTestId("history");
  await history.getByText("Acknowledged by demo-customs").waitFor();
  await page.getByTestId("take").click();
  await history.getByText("Assigned by demo-customs to demo-customs").waitFor();
  const words = `<img src=x onerror="globalThis.broken=1"> patrol sent ${id}`;
  await page.getByLabel("Note").fill(words);
  await page.getByTestId("note").click();
  await history.getByText(words).waitFor();
  assert.equal(await page.getByTestId("decide").isDisabled(), true, "no decision without verdict and reason");
  await page.getByLabel("False alarm").check();
  await page.getByLabel("Reason").fill("the patrol found the seal closed");
  await page.getByTestId("decide").click();
  await history.getByText("Decided by demo-customs: False alarm").waitFor();
  await history.getByText("nothing against the driver").waitFor();
  assert.equal(await page.evaluate(() => globalThis.broken), undefined);
  assert.deepEqual(log.errors, []);
  await close();
});

test("J, K and the arrows go through the list, Enter opens, Escape goes back, and A acknowledges", async () => {
  const { page, close } = await visitor(browser);
  await signIn(page);
  await waitForAlert(page);
  // The focus stays on the link of the navigation: Enter is the row's all the same.
  await page.getByRole("navigation").locator('a[href="/alerts"]').click();
  const rows = page.getByTestId("alerts").locator("tbody tr");
  await rows.first().waitFor();
  const chosen = page.locator("tr[aria-current]");
  const stands = () => chosen.evaluate((row) => (row.contains(document.activeElement) ? row.dataset.row : null));
  await page.keyboard.press("ArrowDown");
  const first = await stands();
  assert.notEqual(first, null, "the focus is in the chosen row");
  if ((await rows.count()) > 1) {
    await page.keyboard.press("j");
    assert.notEqual(await stands(), first);
    await page.keyboard.press("ArrowUp");
    await page.keyboard.press("j");
    await page.keyboard.press("k");
    assert.equal(await stands(), first);
  }
  await page.keyboard.press("Enter");
  await page.waitForURL(`${SERVER}/alerts/${first}`);
  await page.getByTestId("case").waitFor();
  await page.keyboard.press("Escape");
  await page.getByTestId("alerts-page").waitFor();

  const waiting = rows.filter({ hasText: "Waits" }).first();
  const id = await waiting.getAttribute("data-row");
  await waiting.getByRole("link").first().focus();
  await page.keyboard.press("a");
  await page.locator(`tr[data-row="${id}"]`, { hasText: "Acknowledged" }).waitFor();
  await close();
});

test("an auditor reads a case and decides nothing", async () => {
  const { page, close } = await visitor(browser);
  await signIn(page, tokenOf("auditor"));
  await waitForAlert(page);
  await open(page, "/alerts");
  await page.getByTestId("alerts").locator("tbody a").first().click();
  await page.getByTestId("history").waitFor();
  assert.equal(await page.getByTestId("actions").count(), 0);
  await close();
});
