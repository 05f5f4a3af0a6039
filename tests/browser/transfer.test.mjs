import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, open, PATIENCE_MS, signIn, tokenOf, visitor } from "./floor.mjs";

let browser;
before(async () => (browser = await launch()));
after(() => browser?.close());

/** Opens a transfer that is on its way. */
async function openTransfer(page) {
  await open(page, "/transfers");
  const row = page.getByTestId("transfers").locator("tbody tr", { hasText: "In transit" }).first();
  await row.locator("button").first().click();
  await page.getByTestId("transfer").waitFor();
  await page.getByTestId("timeline").waitFor();
}

test("every step of a transfer is proved against the log in the browser", async () => {
  const { page, log, close } = await visitor(browser);
  await signIn(page, tokenOf("auditor"));
  await openTransfer(page);
  assert.match(await page.getByTestId("timeline").innerText(), /Declared[\s\S]*Sealed[\s\S]*Left the origin[\s\S]*Arrived/);
  await page.getByTestId("verify-now").click();
  const proofs = page.getByTestId("proofs");
  await proofs.waitFor();
  const [proved, all] = (await proofs.innerText()).match(/\d+/g).map(Number);
  assert.ok(all >= 3 && proved === all, await proofs.innerText());
  const entry = page.getByTestId("proof").first().getByRole("link");
  await entry.click();
  await page.getByTestId("verdict").waitFor();
  assert.match(await page.getByTestId("verdict").innerText(), /is in the log/);
  assert.deepEqual(log.errors, []);
  await close();
});

test("slider, map and curves of a transfer show one moment", async () => {
  const { page, close } = await visitor(browser);
  await signIn(page);
  await openTransfer(page);
  await page.locator(".maplibregl-canvas").waitFor();
  await page.getByTestId("curves").locator(".uplot").nth(2).waitFor();
  const moment = page.getByTestId("moment");
  const newest = await moment.innerText();
  const slider = page.getByTestId("slider");
  await slider.evaluate((input) => {
    input.value = input.min;
    input.dispatchEvent(new Event("input", { bubbles: true }));
  });
  await page.waitForFunction((then) => document.querySelector("[data-testid=moment]")?.innerText !== then, newest, { timeout: PATIENCE_MS });
  const first = await moment.innerText();
  await page.evaluate(() => document.activeElement?.blur());
  for (let i = 0; i < 12; i += 1) await page.keyboard.press("ArrowRight");
  assert.notEqual(await moment.innerText(), first);
  await close();
});

test("an officer holds a transfer, its next action says why, and lifting it needs a reason", async () => {
  const { page, close } = await visitor(browser);
  await signIn(page);
  await openTransfer(page);
  await page.getByText("Other actions").click();
  await page.getByLabel("Reason").last().fill("papers to be seen");
  await page.getByTestId("hold").click();
  const next = page.getByTestId("next");
  await next.getByText("papers to be seen").waitFor();
  assert.match(await next.innerText(), /Held: it goes on when the hold is lifted/);
  const deed = page.getByTestId("deed");
  assert.equal(await deed.isDisabled(), true);
  await next.getByLabel("Reason").fill("papers seen");
  await deed.click();
  await next.getByText("papers to be seen").waitFor({ state: "detached" });
  await close();
});

test("the evidence of a transfer is taken along as a file", async () => {
  const { page, close } = await visitor(browser);
  await signIn(page);
  await openTransfer(page);
  const download = page.waitForEvent("download");
  await page.getByRole("link", { name: "Take the evidence" }).click();
  assert.match((await download).suggestedFilename(), /^26CN[A-Z0-9]{14}\.zip$/);
  await close();
});

test("a carrier opens its own transfer, and not another carrier's", async () => {
  const customs = await visitor(browser);
  await signIn(customs.page);
  const others = await customs.page.evaluate(async () => {
    const { items } = await (await fetch("/api/v1/transfers?limit=500")).json();
    return items.find((transfer) => transfer.carrier !== "silk-road-rail").id;
  });
  await customs.close();
  const { page, close } = await visitor(browser);
  await signIn(page, tokenOf("carrier"));
  await openTransfer(page);
  assert.equal(await page.getByTestId("verify-now").count(), 0);
  await open(page, `/transfers/${others}`);
  await page.getByText("There is nothing here").waitFor();
  await close();
});
