import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, test } from "node:test";
import { beginDeclaration, declared, fillGoods } from "./declaration.mjs";
import { described, drafted, freshContainer, goodsLine } from "./declared.mjs";
import { enter } from "./entering.mjs";
import { findings, launch, open, SERVER, signIn, tokenOf, until, visitor } from "./floor.mjs";
import { carrierWith, commandAs, inside } from "./people.mjs";

let browser;
before(async () => (browser = await launch({ webgl: false })));
after(() => browser?.close());

const PAGES = ["/fleet", "/declare", "/receipts", "/devices", "/alerts"];

/** Of tables whose rows are cards on a phone: what lies beyond the edge of the screen or is cut. */
const cut = (page) =>
  page.evaluate(() => {
    const tables = [...document.querySelectorAll(".sideways.cards")].filter((box) => box.scrollWidth > box.clientWidth + 1).map((box) => box.ariaLabel);
    const cells = [...document.querySelectorAll(".sideways.cards td")].filter((cell) => cell.scrollWidth > cell.clientWidth + 1).map((cell) => cell.innerText);
    return [...tables, ...cells];
  });

for (const [language, width] of [["en", 1440], ["zh", 360]]) {
  test(`each of the carrier's pages fits (${language}, ${width} px)`, async () => {
    const { page, log, close } = await visitor(browser, { language, width });
    await signIn(page, tokenOf("carrier"));
    for (const path of PAGES) {
      await open(page, path);
      await page.locator("[aria-busy=true]").first().waitFor({ state: "detached" });
      const wide = await page.locator("#content").evaluate((box) => box.scrollWidth - box.clientWidth);
      assert.ok(wide <= 1, `${path}: the page scrolls ${wide} px sideways`);
      if (width < 600) assert.deepEqual(await cut(page), [], path);
    }
    assert.deepEqual(log.errors, []);
    assert.deepEqual(log.violations, []);
    await close();
  });
}

test("the fleet board has the carrier's own transfers only, each with whose turn it is and when it is expected", async () => {
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
  await way.getByTestId("arrival").filter({ hasText: /^(in [\d ]+(min|h|d)|any moment).*(limit in|after its limit)/ }).waitFor();

  // J goes through both tables of the page, from whose turn it is to all; each key is listed once.
  const all = page.locator("tr[data-row]");
  const last = page.getByTestId("turn").locator("tr[data-row]").last();
  if ((await last.count()) > 0) {
    await last.getByRole("link").focus();
    await page.keyboard.press("j");
    await rows.and(page.locator("[aria-current]")).waitFor();
  }
  await all.first().getByRole("link").focus();
  await page.keyboard.press("?");
  const listed = await page.getByTestId("help-dialog").locator("kbd").allInnerTexts();
  assert.equal(new Set(listed).size, listed.length, String(listed));
  await close();
});

test("of more seals than one look takes in the next come when asked for, and the focus goes to the first of them", async () => {
  const run = crypto.randomUUID().slice(0, 8).toUpperCase();
  const ids = Array.from({ length: 104 }, (_, i) => `SW-${run}-${String(i).padStart(3, "0")}`);
  const password = "many seals in one drawer";
  const user = await carrierWith(ids, password);
  const { page, log, close } = await visitor(browser);
  await enter(page, user, password);
  await inside(page);
  await open(page, "/fleet");
  const seals = page.getByTestId("seals").locator("tbody tr");
  await seals.nth(99).waitFor();
  assert.equal(await seals.count(), 100);
  await page.getByTestId("more").click();
  await seals.nth(103).waitFor();
  await seals.nth(100).locator(":focus").waitFor();
  assert.deepEqual((await seals.locator("td:first-child").allInnerTexts()).map((text) => text.trim()), ids.toSorted());
  assert.deepEqual(log.errors, []);
  await close();
});

test("check digits are told while they are typed, and nothing goes out before they are right", async () => {
  const { page, close } = await visitor(browser);
  await signIn(page, tokenOf("carrier"));
  await open(page, "/declare");
  await page.getByTestId("unit").fill("CSQU3054384");
  const field = page.locator("label", { has: page.getByTestId("unit") });
  await field.getByText("check digit is 4, expected 3").waitFor();
  // What is missing or wrong is named beside the button, and leads to its field.
  const gaps = page.getByTestId("gaps").getByRole("button");
  const named = ["Container number (ISO 6346) – check digit is 4, expected 3", "Seal", "Corridor", "Bill of lading", "Goods code", "HS code", "Name in Chinese", "Name in English", "Quantity", "Weight (kg)"];
  assert.deepEqual(await gaps.allInnerTexts(), named);
  for (const [name, testid] of [["HS code", "hs"], ["Corridor", "corridor"], [named[0], "unit"]]) {
    await gaps.filter({ hasText: name }).click();
    assert.equal(await page.evaluate(() => document.activeElement.dataset.testid), testid);
  }
  await page.getByTestId("unit").fill("CSQU3054383");
  await page.getByText("the number is right").waitFor();
  await gaps.filter({ hasText: "Container number" }).waitFor({ state: "detached" });
  await page.getByTestId("kind-air").click();
  await page.getByTestId("paper").fill("176-12345676");
  await gaps.filter({ hasText: "Master air waybill – check digit is 6, expected 5" }).waitFor();
  assert.equal(await page.getByTestId("declare").isDisabled(), true);
  assert.deepEqual(await findings(page), []);
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
  const photos = [await picture(page, 1600, "image/png"), await picture(page, 5000, "image/png")];
  await page.getByTestId("photos").setInputFiles([
    { name: "seal.png", mimeType: "image/png", buffer: photos[0] },
    { name: "wagon.png", mimeType: "image/png", buffer: photos[1] },
    { name: "notes.txt", mimeType: "text/plain", buffer: Buffer.from("no picture") },
  ]);
  await page.getByTestId("photo-wrong").getByText("notes.txt").waitFor();
  assert.deepEqual(await findings(page), []);
  await page.getByTestId("incident-send").click();
  await page.getByTestId("next").getByText("Customs").first().waitFor();
  await until(page, async (id) => (await (await fetch(`/api/v1/transfers/${id}`)).json()).state === "incident", transfer);
  await photosAreSeen(page, 2);
  assert.deepEqual(await findings(page), []);
  await close();

  const customs = await visitor(browser);
  await signIn(customs.page, tokenOf("customs"));
  await open(customs.page, `/transfers/${transfer}`);
  await customs.page.getByTestId("incidents").getByText("the wagon was shunted hard").waitFor();
  await photosAreSeen(customs.page, 2);
  const kept = await customs.page.evaluate(photosOf, transfer);
  assert.ok(photos[1].length > 1_500_000 && kept.every((photo) => photo.bytes < 1_500_000), `a large one is made smaller: ${JSON.stringify(kept)}`);
  assert.equal(kept[0].hash, createHash("sha256").update(photos[0]).digest("hex"), "a small one comes as it is");
  assert.ok(kept.every((photo) => photo.hash === photo.found), "each is what the signed word named");
  assert.deepEqual(await findings(customs.page), []);
  assert.deepEqual([customs.log.errors, customs.log.violations], [[], []]);
  await customs.close();
});

/** A picture that does not compress: `side` pixels, a square of noise in it. */
async function picture(page, side, kind) {
  const base64 = await page.evaluate(async ([side, kind]) => {
    const canvas = new OffscreenCanvas(side, side);
    const drawing = canvas.getContext("2d");
    drawing.fillStyle = "#345";
    drawing.fillRect(0, 0, side, side);
    const noise = drawing.createImageData(Math.floor(side / 6), Math.floor(side / 6));
    for (let at = 0; at < noise.data.length; at += 65536) crypto.getRandomValues(noise.data.subarray(at, Math.min(at + 65536, noise.data.length)));
    drawing.putImageData(noise, 20, 20);
    const bytes = new Uint8Array(await (await canvas.convertToBlob({ type: kind })).arrayBuffer());
    let text = "";
    for (let at = 0; at < bytes.length; at += 32768) text += String.fromCharCode(...bytes.subarray(at, at + 32768));
    return btoa(text);
  }, [side, kind]);
  return Buffer.from(base64, "base64");
}

async function photosAreSeen(page, count) {
  await page.waitForFunction((count) => {
    const shown = [...document.querySelectorAll("[data-testid=photo-strip] img")];
    shown.forEach((photo) => photo.scrollIntoView());
    return shown.length === count && shown.every((photo) => photo.complete && photo.naturalWidth > 0);
  }, count);
}

/** What the platform gives for each photo of the transfer, in the order of their naming. */
async function photosOf(transfer) {
  const { items } = await (await fetch(`/api/v1/records/incident?transfer=${transfer}`)).json();
  return Promise.all(items[0].body.incident.photos.map(async (hash) => {
    const bytes = await (await fetch(`/api/v1/transfers/${transfer}/photos/${hash}`)).arrayBuffer();
    const found = [...new Uint8Array(await crypto.subtle.digest("SHA-256", bytes))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    return { hash, found, bytes: bytes.byteLength };
  }));
}

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

const lines = (consignment) => consignment.lines.map(({ goods }) => [goods.goods, goods.status, goods.quantity, goods.unit]);

test("a container goes by sea and then by rail, bonded and other goods on lines of their own", async () => {
  const { page, log, close } = await visitor(browser);
  await signIn(page, tokenOf("carrier"));
  const seal = await beginDeclaration(page, { kind: "container", unit: "MWCU6059784", corridors: ["sea-tianjin-qingdao", "rail-qingdao-zhengzhou-xian"] });
  await page.getByTestId("paper").fill("COSU6123456790");
  const goods = page.getByTestId("goods-line");
  await fillGoods(goods.first(), {});
  await page.getByTestId("add-line").click();
  await fillGoods(goods.nth(1), { quantity: "2.5", measure: "KGM" });
  await goods.nth(1).getByText("given twice").waitFor();
  assert.equal(await page.getByTestId("declare").isDisabled(), true, "the same goods of the same status are one line");
  await goods.nth(1).getByTestId("status").selectOption("non-bonded");
  const { transfer, cargo } = await declared(page);
  assert.deepEqual([transfer.unit, transfer.seal, transfer.origin, transfer.destination], ["MWCU6059784", seal, "port-tianjin", "depot-xian-port-station"]);
  assert.deepEqual(transfer.legs.map(({ mode, corridor }) => [mode, corridor]), [["sea", "sea-tianjin-qingdao"], ["rail", "rail-qingdao-zhengzhou-xian"]]);
  assert.deepEqual(lines(cargo.consignments[0]), [["G-1", "bonded", "10", "PCE"], ["G-1", "non-bonded", "2.5", "KGM"]]);
  assert.deepEqual(cargo.totals.map(({ status, quantity }) => [status, quantity]), [["bonded", "10"], ["non-bonded", "2.5"]]);
  assert.deepEqual(log.errors, []);
  await close();
});

test("air cargo flies under a master with house waybills that have no more than it has", async () => {
  const { page, log, close } = await visitor(browser, { width: 360, height: 740 });
  await signIn(page, tokenOf("carrier"));
  await beginDeclaration(page, { kind: "air", unit: "AKE54321MU", corridors: ["road-xian-port-station-xiy", "air-xiy-pvg"] });
  await page.getByTestId("paper").fill("02081140743");
  await fillGoods(page.getByTestId("goods-line").first(), {});
  for (const [name, quantity] of [["H-1", "6"], ["H-2", "5"]]) {
    await page.getByTestId("add-house").click();
    const house = page.getByTestId("house").last();
    await house.getByTestId("house-paper").fill(name);
    await house.getByTestId("quantity").fill(quantity);
    await house.getByTestId("weight").fill("8");
  }
  const second = page.getByTestId("house").nth(1);
  await second.getByText("the houses have 11 together, the master only 10").waitFor();
  assert.equal(await page.getByTestId("declare").isDisabled(), true);
  await second.getByTestId("hs").fill("854231");
  await second.getByText("expected 85423190, as under the master").waitFor();
  await second.getByTestId("hs").fill("85423190");
  assert.deepEqual(await findings(page), []);
  const wide = await page.locator("#content").evaluate((box) => box.scrollWidth - box.clientWidth);
  assert.ok(wide <= 1, `the page scrolls ${wide} px sideways`);
  await second.getByTestId("quantity").fill("4");
  const { transfer, cargo } = await declared(page);
  assert.deepEqual(transfer.legs.map(({ mode }) => mode), ["road", "air"]);
  assert.deepEqual([cargo.kind, transfer.destination], ["uld", "airport-pvg"]);
  const [master, ...houses] = cargo.consignments;
  assert.deepEqual(master.document, { "master-air-waybill": "020-81140743" });
  assert.deepEqual(houses.map(({ document, parent }) => [document["house-air-waybill"].house, parent["master-air-waybill"]]), [["H-1", "020-81140743"], ["H-2", "020-81140743"]]);
  assert.deepEqual(houses.flatMap(lines).map(([, , quantity]) => quantity), ["6", "4"]);
  assert.deepEqual(log.errors, []);
  await close();
});

/** Another declaration of the carrier binds the seal; what it gives lets the seal go. */
async function taken(page, seal) {
  const unit = freshContainer();
  const owner = "silk-road-rail";
  const transfer = await drafted(page, { carrier: owner, unit, seal, consignments: [{ document: { "bill-of-lading": "COSU6123456791" }, owner, lines: [described(goodsLine())] }] });
  await commandAs("carrier", { type: "bind-seal", transfer, unit, seal, mechanical: [] });
  return () => commandAs("carrier", { type: "unbind-seal", transfer, seal, reason: "the other declaration has it" });
}

/** The seal's field says that another transfer has it, and nothing goes out. */
async function flagged(page) {
  await page.locator("label", { has: page.getByTestId("seal") }).getByText("已绑定另一票转关，请另选").waitFor();
  assert.deepEqual(await page.getByTestId("gaps").getByRole("button").allInnerTexts(), ["关锁 – 已绑定另一票转关，请另选"]);
  assert.equal(await page.getByTestId("seal").getAttribute("aria-invalid"), "true");
  assert.equal(await page.getByTestId("declare").isDisabled(), true);
}

test("loose cargo goes in a sealed truck under its plate, a leg that leads nowhere is not offered, and a seal that another transfer took is told at its field", async () => {
  const { page, log, close } = await visitor(browser, { language: "zh" });
  await signIn(page, tokenOf("carrier"));
  const seal = await beginDeclaration(page, { kind: "loose", unit: "陕A54321", corridors: ["road-xian-epz-a-port-station"] });
  assert.deepEqual(
    await page.getByTestId("corridor").locator("option").evaluateAll((options) => options.filter((option) => option.value.startsWith("air-")).length),
    0,
  );
  await page.getByTestId("paper").fill("WB-77");
  await fillGoods(page.getByTestId("goods-line").first(), { goods: "STEEL-9", hs: "720851", quantity: "12.5", measure: "TNE", weight: "12500", status: "in-transit" });
  const whole = () => page.getByTestId("gaps").waitFor({ state: "detached" });
  await whole();
  const letGo = await taken(page, seal);
  await flagged(page);
  await letGo();
  await whole();
  // Taken while it is sent, and let go before the answer comes: only the platform's refusal tells of it.
  let sent = 0;
  await page.route("**/api/v1/commands", async (route) => {
    if (!route.request().postData().includes("bind-seal") || (sent += 1) > 1) return route.continue();
    const letGo = await taken(page, seal);
    await flagged(page);
    const refused = await route.fetch();
    await letGo();
    await whole();
    await route.fulfill({ response: refused });
  });
  await page.getByTestId("declare").click();
  await page.getByTestId("refused").getByText("该关锁已被另一票转关绑定").waitFor();
  await flagged(page);
  await page.getByTestId("seal").selectOption("");
  await page.getByTestId("seal").selectOption(seal);
  await whole();
  const { transfer, cargo } = await declared(page);
  assert.deepEqual([transfer.unit, transfer.seal, cargo.kind], ["陕A54321", seal, "loose"]);
  assert.deepEqual(lines(cargo.consignments[0]), [["STEEL-9", "in-transit", "12.5", "TNE"]]);
  assert.deepEqual(log.errors, []);
  await close();
});

test("another kind of cargo keeps what fits it, a reload keeps all, and a carrier takes its declaration back before the release", async () => {
  const { page, log, close } = await visitor(browser);
  await signIn(page, tokenOf("carrier"));
  await beginDeclaration(page, { kind: "consolidated", unit: freshContainer(), corridors: ["rail-xian-khorgos"] });
  await page.getByTestId("kind-container").click();
  const [bill] = await page.getByTestId("consignment").all();
  await bill.getByTestId("paper").fill("COSU6123456790");
  await fillGoods(bill, {});
  await page.reload();
  const { transfer, cargo } = await declared(page);
  assert.equal(cargo.consignments.length, 1);

  await page.getByTestId("declared").click();
  await page.getByTestId("bind").locator("dd").first().waitFor();
  await page.getByText("Cancel the transfer", { exact: true }).first().click();
  await page.getByTestId("cancel-reason").fill("the customer took it back");
  await page.getByTestId("cancel").click();
  await page.getByTestId("cancel").waitFor({ state: "detached" });
  await until(page, async (id) => (await (await fetch(`/api/v1/transfers/${id}`)).json()).state === "cancelled", transfer.id);
  assert.deepEqual(log.errors, []);
  await close();
});
