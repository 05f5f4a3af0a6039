import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { findings, launch, open, PATIENCE_MS, SERVER, signIn, tokenOf, until, visitor } from "./floor.mjs";

let browser;
before(async () => (browser = await launch({ webgl: false })));
after(() => browser?.close());

const PAGES = ["/fleet", "/declare", "/receipts", "/devices"];

for (const [language, width] of [["en", 1440], ["zh", 360]]) {
  test(`axe finds nothing on the carrier's pages, and each fits (${language}, ${width} px)`, async () => {
    const { page, log, close } = await visitor(browser, { language, width });
    await signIn(page, tokenOf("carrier"));
    for (const path of PAGES) {
      await open(page, path);
      await page.locator("[aria-busy=true]").first().waitFor({ state: "detached" });
      assert.deepEqual(await findings(page), [], path);
      const wide = await page.locator("#content").evaluate((box) => box.scrollWidth - box.clientWidth);
      assert.ok(wide <= 1, `${path}: the page scrolls ${wide} px sideways`);
    }
    assert.deepEqual(log.errors, []);
    assert.deepEqual(log.violations, []);
    await close();
  });
}

test("the fleet board has the carrier's own transfers only, each with whose turn it is", async () => {
  const { page, close } = await visitor(browser);
  await signIn(page, tokenOf("carrier"));
  await open(page, "/fleet");
  const rows = page.getByTestId("fleet").locator("tbody tr");
  await rows.first().waitFor();
  const own = await page.evaluate(async () => {
    const { items } = await (await fetch("/api/v1/transfers?limit=500")).json();
    return { all: items.length, mine: items.filter((row) => row.carrier === "silk-road-rail" && !["written-off", "cancelled"].includes(row.state)).length };
  });
  assert.equal(await rows.count(), own.mine);
  const way = page.getByTestId("fleet").locator("tbody tr", { hasText: "In transit" }).first();
  assert.match(await way.innerText(), /it has to come into the destination/);
  await close();
});

test("check digits are told while they are typed, and nothing goes out before they are right", async () => {
  const { page, close } = await visitor(browser);
  await signIn(page, tokenOf("carrier"));
  await open(page, "/declare");
  await page.getByTestId("unit").fill("CSQU3054384");
  await page.getByText("check digit is 4, expected 3").waitFor();
  await page.getByTestId("unit").fill("CSQU3054383");
  await page.getByText("the number is right").waitFor();
  await page.getByTestId("kind-air").click();
  await page.getByTestId("paper").fill("176-12345676");
  await page.getByText("check digit is 6, expected 5").waitFor();
  assert.equal(await page.getByTestId("declare").isDisabled(), true);
  assert.deepEqual(await findings(page), []);
  await close();
});

test("the carrier's day: a consolidated container is drafted, bound and declared, and customs has it", async () => {
  const { page, log, close } = await visitor(browser);
  await signIn(page, tokenOf("carrier"));
  // A seal is free once customs wrote off what it closed.
  const freeSeal = async () => (await (await fetch("/api/v1/devices?limit=500")).json()).items.find((row) => row.owner === "silk-road-rail" && row.transfer == null)?.id;
  const seal = await until(page, freeSeal, null, { timeout: 4 * PATIENCE_MS });
  await open(page, "/declare");
  await page.getByTestId("kind-consolidated").click();
  const unit = "TEMU2644158";
  await page.getByTestId("unit").fill(unit);
  await page.getByTestId("seal").selectOption(seal);
  await page.getByTestId("corridor").selectOption("rail-xian-khorgos");
  const consignments = page.getByTestId("consignment");
  assert.equal(await consignments.count(), 2);
  for (const [i, bill] of ["COSU6123456780", "COSU6123456781"].entries()) {
    const line = consignments.nth(i);
    const given = { paper: bill, goods: "G-1", hs: "85423190", "name-zh": "芯片", "name-en": "<b>Chip</b>", quantity: "10", weight: "20.5" };
    for (const [field, value] of Object.entries(given)) await line.getByTestId(field).fill(value);
  }
  await page.getByTestId("declare").click();
  const declared = page.getByTestId("declared");
  await declared.waitFor();
  const id = (await declared.innerText()).trim();
  const { transfer, cargo } = await page.evaluate(async (id) => {
    const transfer = await (await fetch(`/api/v1/transfers/${id}`)).json();
    const cargo = (await (await fetch(`/api/v1/records/cargo?transfer=${id}`)).json()).items[0].body;
    return { transfer, cargo };
  }, id);
  assert.deepEqual([transfer.unit, transfer.seal, transfer.destination], [unit, seal, "border-khorgos"]);
  assert.notEqual(transfer.state, "draft");
  assert.deepEqual(cargo.consignments.map((row) => row.document["bill-of-lading"]), ["COSU6123456780", "COSU6123456781"]);
  assert.deepEqual(await findings(page), []);
  await declared.click();
  await page.getByTestId("errand-page").waitFor();
  assert.deepEqual(log.errors, []);
  await close();
});

test("a carrier reports an incident of a transfer on its way, and customs is next", async () => {
  const { page, close } = await visitor(browser);
  await signIn(page, tokenOf("carrier"));
  const transfer = await page.evaluate(async () => {
    const { items } = await (await fetch("/api/v1/transfers?state=in-transit&limit=500")).json();
    return items.find((row) => row.holds.length === 0 && !row.custody_held && row.length_km - row.progress_km > 100).id;
  });
  await open(page, `/fleet/${transfer}`);
  await page.getByTestId("incident-kind").selectOption("accident");
  await page.getByTestId("incident-note").fill("the wagon was shunted hard");
  await page.getByTestId("incident-send").click();
  await page.getByTestId("next").getByText("Customs").first().waitFor();
  const held = async (id) => (await (await fetch(`/api/v1/transfers/${id}`)).json()).state === "incident";
  await until(page, held, transfer);
  assert.deepEqual(await findings(page), []);
  await close();
});

test("each row of a registration has its own result", async () => {
  const { page, close } = await visitor(browser);
  await signIn(page, tokenOf("carrier"));
  await open(page, "/devices");
  await page.getByTestId("ids").fill("SW-NEW-1\nSW-NEW-2");
  await page.getByTestId("take").click();
  await page.getByTestId("challenges").waitFor();
  const download = page.waitForEvent("download");
  await page.getByTestId("challenges").click();
  assert.equal((await download).suggestedFilename(), "challenges.csv");
  const zeros = "0".repeat(64);
  await page.getByTestId("csv").fill(`device,public_key,challenge,proof\nSW-NEW-1,${zeros},${zeros},00\nSW-NEW-2,${zeros}`);
  await page.getByTestId("register").click();
  const rows = page.getByTestId("results").locator("tbody tr");
  await page.waitForFunction(() => !document.querySelector("[data-testid=results]")?.innerText.includes("waits"));
  assert.match(await rows.nth(0).innerText(), /SW-NEW-1[\s\S]*refused/);
  assert.match(await rows.nth(1).innerText(), /3[\s\S]*refused[\s\S]*wrong number of columns/);
  assert.deepEqual(await findings(page), []);
  await close();
});

test("a carrier opens no errand of another carrier", async () => {
  const customs = await visitor(browser);
  await signIn(customs.page);
  const others = await customs.page.evaluate(async () => {
    const { items } = await (await fetch("/api/v1/transfers?limit=500")).json();
    return items.find((row) => row.carrier !== "silk-road-rail").id;
  });
  await customs.page.goto(`${SERVER}/fleet/${others}`);
  await customs.page.getByText("You may not see this page").waitFor();
  await customs.close();
  const { page, close } = await visitor(browser);
  await signIn(page, tokenOf("carrier"));
  await open(page, `/fleet/${others}`);
  await page.getByText("There is nothing here").waitFor();
  await close();
});
