import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { described, drafted, goodsLine } from "./declared.mjs";
import { findings, lateViews, launch, open, PATIENCE_MS, signIn, tokenOf, until, visitor } from "./floor.mjs";
import { commandAs } from "./people.mjs";

let browser, mapless;
before(async () => ([browser, mapless] = await Promise.all([launch(), launch({ webgl: false })])));
after(() => Promise.all([browser?.close(), mapless?.close()]));

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
  const timeline = page.getByTestId("timeline");
  assert.match(await timeline.innerText(), /Declared[\s\S]*Sealed[\s\S]*Left the origin[\s\S]*Arrived\s+(next|to come)[\s\S]*Verified/);
  assert.match(await timeline.locator("[data-step=arrive]").innerText(), /Planned\s+(by \d.*|within .*) \(time limit of the corridor\)/);
  assert.match(await timeline.locator("[data-step=verify]").innerText(), /Planned\s+within 3 d of the unsealing \(limit for results\)/);
  assert.match(await timeline.locator("[data-step=hand-over]").innerText(), /Planned\s+no time planned$/);
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

test("of a cancelled transfer nothing is planned, which its page and its report say once each", async () => {
  const { page, log, close } = await visitor(mapless);
  await signIn(page, tokenOf("carrier"));
  const owner = "silk-road-rail";
  const transfer = await drafted(page, { carrier: owner, consignments: [{ document: { "bill-of-lading": "COSU6123456796" }, owner, lines: [described(goodsLine())] }] });
  await commandAs("carrier", { type: "cancel-transfer", transfer, reason: "the customer took it back" });
  await until(page, async (id) => (await (await fetch(`/api/v1/transfers/${id}`)).json()).state === "cancelled", transfer);
  await open(page, `/transfers/${transfer}`);
  for (const steps of ["timeline", "report-steps"]) {
    if (steps === "report-steps") await page.getByTestId("open-report").click();
    await page.getByTestId(steps).waitFor();
    await page.getByText("No step has a planned time").waitFor();
    assert.doesNotMatch(await page.getByTestId(steps).innerText(), /no time planned/);
  }
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

/** Carrier and corridor by their names, in both languages, and by their ids when pointed at. */
async function calledByName(page) {
  const { carrier, corridor } = await page.evaluate(async () => {
    const read = async (path) => (await fetch(`/api/v1${path}`)).json();
    const transfer = await read(`/transfers/${location.pathname.split("/").at(-1)}`);
    const { items } = await read("/parties?limit=500");
    return { carrier: items.find(({ id }) => id === transfer.carrier), corridor: (await read(`/corridors/${transfer.corridor}`)).properties };
  });
  for (const name of ["name_zh", "name_en"]) {
    await page.getByTestId("language").click();
    for (const named of [carrier, corridor]) await page.getByTestId("transfer").getByTitle(named.id, { exact: true }).getByText(named[name], { exact: true }).first().waitFor();
  }
}

test("an officer holds a transfer, its next action says why, and lifting it needs a reason", async () => {
  const { page, close } = await visitor(browser);
  await signIn(page);
  await lateViews(page, /\/api\/v1\/(transfers\/[^/?]+|records\/step)(\?|$)/);
  await openTransfer(page);
  await calledByName(page);
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

for (const [language, width] of [["en", 1440], ["zh", 360]]) {
  test(`customs reads what was declared: papers, houses under their master, and every line (${language}, ${width} px)`, async () => {
    const carrier = await visitor(mapless);
    await signIn(carrier.page, tokenOf("carrier"));
    const owner = "silk-road-rail";
    const master = { "master-air-waybill": "020-81140743" };
    const transfer = await drafted(carrier.page, {
      carrier: owner,
      consignments: [
        { document: { "bill-of-lading": "COSU6123456799" }, owner, lines: [described(goodsLine({ goods: "CHIP-7" }), "存储芯片", "Memory chips")] },
        { document: master, owner, lines: [described(goodsLine())] },
        { document: { "house-air-waybill": { master: "020-81140743", house: "SW-77" } }, parent: master, owner, lines: [described(goodsLine({ quantity: "4", weight_kg: "8" }))] },
      ],
    });
    await carrier.close();
    const { page, log, close } = await visitor(mapless, { language, width });
    await signIn(page);
    await open(page, `/transfers/${transfer}`);
    const bill = page.getByTestId("cargo").getByTestId("consignment").filter({ hasText: "COSU6123456799" });
    assert.match(await bill.getByTestId("goods").innerText(), /CHIP-7\s+85423190\s+(Memory chips 存储芯片|存储芯片 Memory chips)\s+10 PCE\s+20.5 kg/);
    const under = page.getByTestId("consignment").filter({ hasText: "020-81140743" }).first();
    assert.match(await under.getByTestId("consignment").innerText(), /SW-77[\s\S]*4 PCE/);
    assert.deepEqual(await findings(page), []);
    const wide = await page.locator("#content").evaluate((box) => box.scrollWidth - box.clientWidth);
    assert.ok(wide <= 1, `the page scrolls ${wide} px sideways`);
    assert.deepEqual(log.errors, []);
    await close();
  });
}

test("the papers of a transfer are named, and where ledger, declaration and release note differ, which goods, how much and against what", async () => {
  const [run, enterprise] = [crypto.randomUUID().slice(0, 8).toUpperCase(), "silk-road-rail"];
  const [code, declaration, note] = [`CHIP-${run}`, `D-${run}`, `N-${run}`];
  const goods = (given = {}) => goodsLine({ goods: code, weight_kg: "20", ...given });
  const { page, log, close } = await visitor(mapless);
  await signIn(page, tokenOf("carrier"));
  const content = `goods,hs,name_zh,name_en,unit,status,quantity,weight_kg\n${code},85423190,芯片,Chip,PCE,bonded,100,200\n`;
  await commandAs("carrier", { type: "import-ledger", enterprise, reference: `L-${run}`, format: "csv", content });
  const consignments = [{ document: { "bill-of-lading": "COSU6123456797" }, owner: enterprise, lines: [described(goods())] }];
  const transfer = await drafted(page, { carrier: enterprise, consignments });
  const declare = (...lines) => commandAs("carrier", { type: "declare-goods", transfer, enterprise, declaration, lines });
  const noted = (...lines) => commandAs("carrier", { type: "note-goods", transfer, note, lines });
  await declare(goods());

  await open(page, `/transfers/${transfer}`);
  const ledger = page.getByTestId("ledger-panel");
  await ledger.getByText("Ledger and declaration agree").waitFor();
  const documents = page.getByTestId("documents");
  await documents.getByText(declaration).waitFor();
  assert.match(await ledger.innerText(), new RegExp(`Declaration ${declaration}; no release note yet`));

  // The page stays open: what comes in shows by itself.
  await noted(goods({ quantity: "8" }));
  await ledger.getByText("(−2)").waitFor();
  assert.match(await ledger.locator("tbody").innerText(), new RegExp(`^${code}\\s+Bonded\\s+quantity\\s+10\\s+10\\s+8 \\(−2\\)\\s+–$`, "i"));
  await declare(goods({ quantity: "12", weight_kg: "30", hs: "85423200" }));
  await ledger.getByText("HS code").waitFor();
  const said = await ledger.locator("tbody").innerText();
  for (const row of [/HS code\s+85423190\s+85423200\s+85423190/, /weight \(kg\)\s+24\s+30 \(\+6\)\s+20 \(−4\)/, /quantity consigned\s+–\s+12\s+–\s+10 \(−2\)/]) assert.match(said, row);
  await page.getByTestId("next").getByText("Ledger").first().waitFor();
  for (const link of await documents.getByRole("link").all()) {
    // What came in the last second may not be in the tree yet.
    await until(page, async (href) => (await fetch(href)).status === 200, await link.evaluate((found) => found.href));
  }
  assert.match(await documents.innerText(), new RegExp(`${declaration}[\\s\\S]*Release note ${note}`));

  await declare(goods());
  await noted(goods());
  await ledger.getByText("All three agree").waitFor();
  await ledger.getByText(`Declaration ${declaration}, release note ${note}.`).waitFor();
  assert.equal(await ledger.locator("tr").count(), 0);
  assert.deepEqual(log.errors, []);
  await close();
});
