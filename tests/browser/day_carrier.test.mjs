// A carrier's day as one story, from the password to the receipt.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { beginDeclaration, declared, fillGoods } from "./declaration.mjs";
import { freshContainer } from "./declared.mjs";
import { proofOf } from "./enrolment.mjs";
import { enter, userOf } from "./entering.mjs";
import { findings, launch, open, PATIENCE_MS, until, visitor } from "./floor.mjs";
import { commandAs, givePassword, inside } from "./people.mjs";

let browser;
before(async () => (browser = await launch({ webgl: false })));
after(() => browser?.close());

const PASSWORD = "the night train has no whistle";
const CARRIER = "silk-road-rail";

/** Three challenges are taken; of four rows the first and the last prove their seals, between them one is cut off and one proves nothing. */
async function registerSeals(page, seal, words) {
  await open(page, "/devices");
  await page.getByTestId("ids").fill([seal, `${seal}-B`, `${seal}-D`].join("\n"));
  await page.getByTestId("take").click();
  const link = page.getByTestId("challenges");
  await link.waitFor();
  const download = page.waitForEvent("download");
  await link.click();
  const file = await download;
  assert.equal(file.suggestedFilename(), "challenges.csv");
  const [, ...taken] = (await readFile(await file.path(), "utf8")).trim().split(/\r?\n/).map((line) => line.split(","));
  const [[first, challenge], [second, other], [last, third]] = taken;
  const [key, proof] = proofOf(first, challenge);
  const [lastKey, lastProof] = proofOf(last, third);
  const zeros = "0".repeat(64);
  await page.getByTestId("csv").fill(["device,public_key,challenge,proof", `${first},${key},${challenge},${proof}`, `${seal}-C,${zeros}`, `${second},${zeros},${other},00`, `${last},${lastKey},${third},${lastProof}`].join("\n"));
  await page.getByTestId("register").click();
  const rows = page.getByTestId("results").locator("tbody tr");
  await rows.nth(0).locator("td.enrolled").waitFor();
  await rows.nth(1).getByText(words.cells).waitFor();
  await rows.nth(2).locator("td.refused").waitFor();
  await rows.nth(3).locator("td.enrolled").waitFor();
  assert.match(await rows.nth(0).innerText(), new RegExp(seal));
}

/** A photo of few bytes. */
const PHOTO = Buffer.from("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==", "base64");

async function reportIncident(page, note) {
  const transfer = await until(
    page,
    async () => {
      const { items } = await (await fetch("/api/v1/transfers?state=in-transit&limit=500")).json();
      return items.find((row) => row.holds.length === 0 && !row.custody_held && row.length_km - row.progress_km > 100)?.id;
    },
    null,
    { timeout: 4 * PATIENCE_MS },
  );
  await open(page, `/fleet/${transfer}`);
  await page.getByTestId("incident-kind").selectOption("accident");
  await page.getByTestId("incident-note").fill(note);
  await page.getByTestId("photos").setInputFiles([{ name: "seal.png", mimeType: "image/png", buffer: PHOTO }]);
  await page.getByTestId("incident-send").click();
  await page.getByTestId("incidents").getByText(note).waitFor();
  await page.getByTestId("photo-strip").locator("img").first().waitFor();
}

for (const [language, words] of [["en", { note: "the wagon was shunted hard", heading: "Exculpatory receipts", cells: "wrong number of columns" }], ["zh", { note: "车皮受到剧烈冲撞", heading: "免责回执", cells: "列数不符" }]]) {
  test(`the carrier's day: sign in, register a seal, declare under it, an incident with a photo, the receipt (${language})`, async () => {
    const { page, log, close } = await visitor(browser, { language });
    const user = await userOf("carrier");
    await givePassword(user, PASSWORD);
    await enter(page, user, PASSWORD);
    await inside(page);
    const seal = `SW-N-${Date.now().toString(36).toUpperCase()}`;
    await registerSeals(page, seal, words);
    assert.deepEqual(await findings(page), []);

    const unit = freshContainer();
    await beginDeclaration(page, { kind: "consolidated", unit, corridors: ["rail-xian-khorgos"], seal });
    const consignments = page.getByTestId("consignment");
    for (const [i, bill] of ["COSU6123456780", "COSU6123456781"].entries()) {
      await consignments.nth(i).getByTestId("paper").fill(bill);
      await fillGoods(consignments.nth(i), { "name-en": "<b>Chip</b>" });
    }
    const { transfer, cargo } = await declared(page);
    assert.deepEqual([transfer.unit, transfer.seal, transfer.destination], [unit, seal, "border-khorgos"]);
    assert.notEqual(transfer.state, "draft");
    assert.deepEqual(cargo.consignments.map((row) => row.document["bill-of-lading"]), ["COSU6123456780", "COSU6123456781"]);
    await page.getByTestId("declared").click();
    await page.getByTestId("errand-page").waitFor();

    await reportIncident(page, words.note);
    assert.deepEqual(await findings(page), []);

    // Customs finds nothing against the carrier in an alert about one of its seals.
    const alert = await until(
      page,
      async (carrier) => {
        const seals = new Set((await (await fetch("/api/v1/devices?limit=500")).json()).items.filter((row) => row.owner === carrier).map((row) => row.id));
        return (await (await fetch("/api/v1/alerts?state=active&limit=500")).json()).items.find((row) => seals.has(row.device));
      },
      CARRIER,
      { timeout: 4 * PATIENCE_MS },
    );
    await commandAs("customs", { type: "decide-alert", alert: alert.id, transfer: alert.transfer ?? null, verdict: "false-alarm", reason: "the patrol found it closed" });
    await open(page, "/receipts");
    await page.getByRole("heading", { name: words.heading }).first().waitFor();
    await page.getByTestId("receipts").locator("li", { hasText: String(alert.id) }).getByText(alert.device).first().waitFor();
    assert.deepEqual([log.errors, log.violations], [[], []]);
    await close();
  });
}
