import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { enter, userOf } from "./entering.mjs";
import { launch, open, SERVER, signIn, tokenOf, visitor, waitForAlert } from "./floor.mjs";
import { colleagueOf, inside } from "./people.mjs";

const PASSWORD = "the lantern swings twice";
const NAME = "王芳";

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

test("an alert given to another officer is his own on the floor, in the list and on the case, and he decides it", async () => {
  const [giver, officer] = [await userOf("customs"), await colleagueOf("customs", "wang", PASSWORD, NAME)];
  const first = await visitor(browser);
  await signIn(first.page);
  await waitForAlert(first.page);
  const id = await openCase(first.page);
  const actions = first.page.getByTestId("actions");
  await actions.getByLabel("Assign to…").selectOption(officer);
  await actions.getByRole("button", { name: "Assign", exact: true }).click();
  const told = first.page.getByTestId("history");
  await told.getByText(`Assigned by ${giver} to ${NAME}`).waitFor();
  assert.equal(await first.page.getByTestId("officer").innerText(), NAME);
  await first.page.getByTestId("take").waitFor();

  const second = await visitor(browser);
  await enter(second.page, officer, PASSWORD);
  await inside(second.page);
  await second.page.getByTestId("queue").locator(`[data-alert="${id}"]`, { hasText: "Yours" }).waitFor();
  await second.page.getByRole("navigation").locator('a[href="/alerts"]').click();
  const rows = second.page.getByTestId("alerts").locator("tbody tr");
  const own = second.page.locator(`tr[data-row="${id}"]`, { hasText: NAME });
  await own.getByText("Yours").waitFor();
  await own.getByTitle(officer).getByText(NAME, { exact: true }).waitFor();
  assert.doesNotMatch(await own.innerText(), new RegExp(officer));
  await second.page.getByText("Assigned to me", { exact: true }).click();
  await second.page.waitForFunction(() => document.querySelectorAll("[data-testid=alerts] tbody tr").length === 1);
  assert.equal(await rows.first().getAttribute("data-row"), id, "nobody gave him another");
  await own.getByRole("link").first().click();
  await second.page.getByTestId("officer").getByText("(Yours)").waitFor();
  assert.equal(await second.page.getByTestId("take").count(), 0, "it is his already");
  await second.page.getByLabel("Device fault").check();
  await second.page.getByLabel("Reason").fill("the receiver was changed");
  await second.page.getByTestId("decide").click();
  // Also on the page of who gave it to him, which was not loaded again.
  for (const { page } of [first, second]) await page.getByTestId("history").getByText(`Decided by ${NAME}: Device fault`).waitFor();
  const kept = await second.page.evaluate(async (alert) => (await fetch(`/api/v1/alerts/${alert}`)).json(), id);
  assert.deepEqual([kept.acknowledged_by, kept.assigned.by, kept.assigned.to, kept.decided.by], [giver, giver, officer, officer]);
  for (const { log, close } of [first, second]) {
    assert.deepEqual(log.errors, []);
    await close();
  }
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
