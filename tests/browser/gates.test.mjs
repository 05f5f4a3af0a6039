import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { command, findings, launch, open, signIn, tokenOf, visitor } from "./floor.mjs";

let browser;
before(async () => (browser = await launch({ webgl: false })));
after(() => browser?.close());

/** Unlike any of another test, and of another run against the same platform. */
const fresh = (letters) => `${letters}-${Date.now().toString(36).toUpperCase()}`;

const show = (page, view) => page.getByRole("group", { name: /Gates and release|卡口与放行/ }).getByRole("button", { name: view }).click();

async function firstTransfer(page) {
  return page.evaluate(async () => {
    const { items } = await (await fetch("/api/v1/transfers?state=in-transit&limit=500")).json();
    return items.find((row) => row.destination === "depot-xian-port-station");
  });
}

test("a release note is issued on the transfer's page, stands on the gates' page, and is revoked for a reason", async () => {
  const { page, log, close } = await visitor(browser);
  await signIn(page);
  const transfer = await firstTransfer(page);
  const note = fresh("N");
  await open(page, `/transfers/${transfer.id}`);
  const form = page.getByTestId("note-form");
  await form.getByLabel("Release note").fill(note);
  await form.getByLabel("Number plate").fill("陕a12345");
  await form.getByLabel("Direction").selectOption("inbound");
  await form.getByLabel("Gross weight").fill("18,000");
  assert.equal(await form.getByTestId("issue-note").isDisabled(), true, "a weight is a decimal number");
  await form.getByLabel("Gross weight").fill("18000.5");
  await form.getByTestId("issue-note").click();
  const row = page.getByTestId("notes").locator("tbody tr", { hasText: note });
  await row.getByText("Issued").waitFor();
  assert.match(await row.innerText(), /陕A12345/);
  assert.deepEqual(await findings(page), []);

  await open(page, "/gates");
  await show(page, "Release notes");
  const there = page.getByTestId("notes").locator("tbody tr", { hasText: note });
  await there.getByRole("button", { name: "Revoke" }).click();
  const dialog = page.getByRole("dialog");
  const revoke = dialog.getByRole("button", { name: "Revoke" });
  assert.equal(await revoke.isDisabled(), true, "a note is revoked for a reason");
  await dialog.getByLabel("Reason").fill("another truck");
  await revoke.click();
  await there.getByText("Revoked").waitFor();
  assert.deepEqual(log.errors, []);
  await close();
});

test("what a gate decides is on the officer's page at once, with its reasons in both languages", async () => {
  const officer = await visitor(browser);
  await signIn(officer.page);
  await open(officer.page, "/gates");
  await officer.page.getByTestId("gates").waitFor();
  const operator = await visitor(browser);
  await signIn(operator.page, tokenOf("operator"));
  const transfer = await firstTransfer(operator.page);
  const gate = await operator.page.evaluate(async (place) => {
    const { items } = await (await fetch("/api/v1/records/gate?limit=500")).json();
    return items.find((record) => record.body.place === place).body.gate;
  }, transfer.destination);
  const truck = fresh("T");
  const unit = { number: transfer.unit, reading: "typed" };
  await command(operator.page, { type: "ask-gate", question: { decision: fresh("D"), gate, lane: 1, direction: "inbound", truck, unit, weight_kg: "18000" } });
  const row = officer.page.getByTestId("decisions-of-gates").locator("tbody tr", { hasText: truck });
  await row.waitFor();
  const decided = await operator.page.evaluate(async () => (await (await fetch("/api/v1/records/gate-decision?limit=1")).json()).items[0].body);
  const said = await row.innerText();
  assert.match(said, /HOLD/);
  for (const reason of decided.reasons) assert.ok(said.includes(reason.en) && said.includes(reason.zh), `${reason.code}: ${said}`);
  assert.deepEqual(await findings(officer.page), []);
  await operator.close();
  await officer.close();
});

test("a pass card is issued, shown as the platform's signed code, printed, and revoked", async () => {
  const { page, log, close } = await visitor(browser, { language: "zh" });
  await signIn(page);
  await open(page, "/gates");
  await show(page, "通行卡");
  const card = fresh("C");
  const form = page.getByTestId("card-form");
  await form.getByLabel("通行卡", { exact: true }).fill(card);
  await form.getByLabel("企业").selectOption("silk-road-rail");
  await form.getByLabel("车牌号").fill("陕A12345");
  await form.getByLabel("料号").fill("CHIP-7");
  await form.getByLabel("数量").fill("10");
  await form.getByTestId("issue-card").click();
  const row = page.getByTestId("cards").locator("tbody tr", { hasText: card });
  await row.getByRole("button", { name: "出示" }).click();
  const face = page.getByTestId("pass-card");
  await face.locator("img").waitFor();
  await page.waitForFunction(() => document.querySelector("[data-testid=pass-card] img").naturalWidth > 0);
  assert.match(await face.innerText(), /丝路班列[\s\S]*陕A12345[\s\S]*CHIP-7/);
  assert.deepEqual(await findings(page), []);
  await page.evaluate(() => {
    globalThis.print = () => (globalThis.printed = true);
  });
  await page.getByTestId("print-card").click();
  assert.equal(await page.evaluate(() => globalThis.printed), true);
  // On paper the card is alone.
  await page.emulateMedia({ media: "print" });
  const seen = await page.evaluate(() => ["[data-testid=pass-card] img", "[data-testid=cards]", "header"].map((name) => getComputedStyle(document.querySelector(name)).visibility));
  assert.deepEqual(seen, ["visible", "hidden", "hidden"]);
  await page.emulateMedia({ media: "screen" });
  await page.keyboard.press("Escape");
  await row.getByRole("button", { name: "吊销" }).click();
  await page.getByRole("dialog").getByLabel("理由").fill("车辆已出售");
  await page.getByRole("dialog").getByRole("button", { name: "吊销" }).click();
  await row.getByText("已吊销").waitFor();
  assert.deepEqual(log.violations, []);
  await close();
});

test("an officer sets how many trucks are drawn, and his standing order is put and removed", async () => {
  const { page, close } = await visitor(browser);
  await signIn(page);
  await open(page, "/gates");
  await show(page, "Inspection");
  await page.getByLabel("Of a thousand trucks").fill("7");
  await page.getByTestId("put-rule").click();
  await page.getByTestId("rule").getByText("7 of a thousand trucks are drawn").waitFor();
  assert.deepEqual(await findings(page), []);
  await show(page, "Standing orders");
  const order = fresh("order").toLowerCase();
  const form = page.getByTestId("order-form");
  await form.getByRole("textbox", { name: "Order" }).fill(order);
  await form.getByLabel("Carrier").selectOption("silk-road-rail");
  await form.getByTestId("put-order").click();
  const row = page.getByTestId("orders").locator("tbody tr", { hasText: order });
  await row.waitFor();
  assert.match(await row.innerText(), /Accept\w*[\s\S]*Silk Road Rail[\s\S]*Low/);
  assert.deepEqual(await findings(page), []);
  await row.getByRole("button", { name: "Remove" }).click();
  await row.getByText("Removed by").waitFor();
  const tiers = page.getByTestId("tiers");
  const carrier = tiers.locator("tbody tr", { hasText: "Chang'an Air Cargo" });
  await carrier.getByRole("button", { name: "High" }).click();
  await page.getByRole("dialog").getByLabel("Reason").fill("two seals cut in a month");
  await page.getByRole("dialog").getByRole("button", { name: "High" }).click();
  await carrier.getByText("two seals cut in a month").waitFor();
  assert.match(await carrier.innerText(), /High[\s\S]*demo-customs/);
  assert.deepEqual(await findings(page), []);
  await close();
});

test("an auditor sees what gates decided and can change nothing there", async () => {
  const { page, close } = await visitor(browser);
  await signIn(page, tokenOf("auditor"));
  await open(page, "/gates");
  for (const view of ["Release notes", "Pass cards", "Inspection", "Standing orders"]) {
    await show(page, view);
    assert.equal(await page.getByTestId("gates-page").locator("form").count(), 0, view);
  }
  await close();
});

test("the gates' page fits a phone in every view", async () => {
  const { page, close } = await visitor(browser, { width: 360, height: 740 });
  await signIn(page);
  await open(page, "/gates");
  for (const view of ["Decisions", "Release notes", "Pass cards", "Inspection", "Standing orders"]) {
    await show(page, view);
    const wide = await page.locator("#content").evaluate((box) => box.scrollWidth - box.clientWidth);
    assert.ok(wide <= 1, `${view}: the page scrolls ${wide} px sideways`);
  }
  await close();
});
