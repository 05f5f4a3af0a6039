import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { atTheGate, goOffline, goOnline, makeKey, nothingWaits, onItsWay, PHONE, read, refuse, transferNow, untilHeld, untilState, waiting } from "./counter.mjs";
import { enter } from "./entering.mjs";
import { findings, launch, open, SERVER, signIn, tokenOf, until, visitor } from "./floor.mjs";
import { colleagueOf, commandAs, inside } from "./people.mjs";

let browser;
before(async () => (browser = await launch({ webgl: false })));
after(() => browser?.close());

const PASSWORD = "nobody hears the crane";

/** The worker has the interface once it is ready, and these pages' answers once they were asked for in its charge. */
async function keep(page, ...transfers) {
  await page.evaluate(async () => void (await navigator.serviceWorker.ready));
  for (const { id } of transfers) {
    await open(page, `/port/${id}`);
    await page.getByTestId("read-unit").waitFor();
    await until(page, async (path) => (await caches.match(path)) !== undefined, `/api/v1/transfers/${id}`);
  }
}

async function visit(page, { id }) {
  await page.goto(`${SERVER}/port/${id}`);
  await page.getByTestId("kept").waitFor();
}

test("without a network the operator goes on; back in it the seal is asked, what was signed goes out as it was, and what others did meanwhile is explained", async () => {
  const { page, log, close } = await visitor(browser, { ...PHONE, language: "zh" });
  await signIn(page, tokenOf("operator"));
  await makeKey(page);
  const taken = await atTheGate(page);
  const held = await onItsWay(page, { besides: [taken] });
  const refused = await onItsWay(page, { besides: [taken, held] });
  const cancelled = await onItsWay(page, { besides: [taken, held, refused] });
  await keep(page, refused, cancelled, held, taken);
  const tried = [];
  page.on("request", (request) => request.url().endsWith("/commands") && request.postData().includes('"hand-over"') && request.postData().includes(taken.id) && tried.push(request));
  await goOffline(page);
  await visit(page, refused);
  await page.locator("[data-testid=who][title*=西安港场站]").waitFor({ state: "attached" });
  await refuse(page, "箱门变形");
  await waiting(page, 1);
  await visit(page, cancelled);
  await page.getByTestId("arrive").click();
  await waiting(page, 2);
  for (const [i, transfer] of [held, taken].entries()) {
    await visit(page, transfer);
    await read(page, transfer);
    await page.getByTestId("arrive").click();
    await page.getByTestId("sign").click();
    await waiting(page, 4 + 2 * i);
  }
  assert.match(await page.getByTestId("outbox").innerText(), /尚未发送\s*6[\s\S]*已签名/);
  assert.deepEqual(await findings(page), []);
  await page.reload();
  await waiting(page, 6);
  assert.equal(await page.getByTestId("sign").isDisabled(), true, "what waits is not signed twice");
  await commandAs("customs", { type: "cancel-transfer", transfer: cancelled.id, reason: "declared twice" });
  await commandAs("customs", { type: "hold-transfer", transfer: held.id, reason: "x-ray first" });
  await goOnline(page);
  await nothingWaits(page);
  await untilState(page, taken.id, ["handed-over", "unsealing-granted", "unsealed", "verified", "written-off"]);
  const signatures = new Set(await Promise.all(tried.map((request) => request.headerValue("sealway-signature"))));
  assert.equal(signatures.size, 1, "signed once, however often it was tried");
  assert.equal((await untilHeld(page, refused.id, "refused")).detail, "箱门变形");
  const conflicts = page.getByTestId("conflict");
  await conflicts.nth(1).waitFor();
  assert.equal(await conflicts.count(), 2);
  const about = (unit) => conflicts.filter({ hasText: unit });
  await about(cancelled.unit).getByText("已撤销", { exact: true }).waitFor();
  // The page says what stands against it once its rows are fresh again.
  await about(held.unit).getByText("x-ray first").waitFor();
  assert.match(await about(held.unit).innerText(), /签字交接[\s\S]*平台没有接受/);
  assert.deepEqual(await findings(page), []);
  await about(cancelled.unit).getByRole("button", { name: "知道了" }).click();
  await about(cancelled.unit).waitFor({ state: "detached" });
  assert.deepEqual(log.errors, []);
  await close();
});

test("a session that ended meanwhile loses nothing, and the next person on the phone neither sees nor sends it", async () => {
  const { page, log, close } = await visitor(browser, PHONE);
  const first = await colleagueOf("operator", "early", PASSWORD);
  const second = await colleagueOf("operator", "night", PASSWORD);
  await enter(page, first, PASSWORD);
  await inside(page);
  const transfer = await onItsWay(page);
  await keep(page, transfer);
  await goOffline(page);
  await visit(page, transfer);
  await refuse(page, "the floor is wet");
  await waiting(page, 1);
  const elsewhere = await visitor(browser);
  await enter(elsewhere.page, first, PASSWORD);
  await inside(elsewhere.page);
  await open(elsewhere.page, "/account");
  await elsewhere.page.getByTestId("everywhere").click();
  await elsewhere.page.waitForURL(`${SERVER}/login`);
  await elsewhere.close();
  await goOnline(page);
  await page.getByTestId("session-ended").waitFor();

  await enter(page, second, PASSWORD);
  await page.getByTestId("who").getByText(second.slice(0, 6)).waitFor();
  await open(page, "/port");
  await page.getByTestId("due").waitFor();
  assert.equal(await page.getByTestId("outbox").count(), 0);
  assert.deepEqual((await transferNow(page, transfer.id)).holds, []);
  await page.getByTestId("sign-out").click();
  await page.waitForURL(`${SERVER}/login`);

  await enter(page, first, PASSWORD);
  await inside(page);
  const hold = await untilHeld(page, transfer.id, "refused");
  assert.deepEqual([hold.detail, hold.by.user], ["the floor is wet", first]);
  assert.deepEqual(log.errors, []);
  await close();
});
