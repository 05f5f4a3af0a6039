// An officer's day as one story, by hand and keyboard: what each page shows next is what the day needs next.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { choosePassword, enter, linkFor, userOf } from "./entering.mjs";
import { command, launch, open, PATIENCE_MS, SERVER, until, visitor, waitForAlert } from "./floor.mjs";

let browser;
before(async () => (browser = await launch({ webgl: false })));
after(() => browser?.close());

const PASSWORD = "the wall has many gates";
const WORDS = {
  en: { verdict: "False alarm", decided: /Decided by .*: False alarm/, reason: "the patrol found the seal closed", proved: /(\d+) of (\d+) steps/, against: /Planned\s+by .+ \(.+\)\s+Actual\s+.+\s+(early|late) by \d/, unplanned: /Planned\s+no time planned\s+Actual/, writeOff: "Write off" },
  zh: { verdict: "误报", decided: /误报/, reason: "巡查确认关锁完好", proved: /(\d+) 步中 (\d+) 步/, against: /计划\s+不迟于 .+（.+）\s+实际\s+.+\s+[早晚] \d/, unplanned: /计划\s+未定计划时间\s+实际/, writeOff: "核销" },
};

/** The alert that the keyboard stands on. */
async function chosenAlert(page) {
  const button = page.getByTestId("queue").locator("button[aria-current=true]");
  await button.waitFor();
  return Number(await button.getAttribute("data-alert"));
}

const alertOf = (page, id) => page.evaluate(async (alert) => (await fetch(`/api/v1/alerts/${alert}`)).json(), id);

/** What an officer of the shift before left to be written off again: its transfer. */
async function reopened(page) {
  const posting = await until(
    page,
    async () => {
      const rows = (await (await fetch("/api/v1/records/ledger-posting?limit=500")).json()).items.map((row) => row.body);
      const undone = new Set(rows.map((row) => row.reverses));
      return rows.find((row) => row.credit === "under-way" && row.transfer && row.reverses == null && !undone.has(row.id));
    },
    null,
    { timeout: 4 * PATIENCE_MS },
  );
  await command(page, { type: "reverse-write-off", posting: posting.id, reason: "to be counted again" });
  // The newest step is proved once a checkpoint covers its entry.
  await until(
    page,
    async (transfer) => {
      const steps = (await (await fetch(`/api/v1/records/step?transfer=${transfer}&limit=500`)).json()).items.map((row) => row.body);
      const step = steps.find((row) => row.arrow === "reverse-write-off");
      if (step === undefined) return false;
      const entries = (await (await fetch(`/api/v1/log/entries?at=${step.at}&limit=500`)).json()).items;
      const [, size] = (await (await fetch("/tlog/checkpoint")).text()).split("\n");
      return entries.length > 0 && entries.every((entry) => entry.seq < Number(size));
    },
    posting.transfer,
  );
  return posting.transfer;
}

for (const language of ["en", "zh"]) {
  test(`the officer's day: password, alert, case, signed decision, transfer, proof, evidence, write-off (${language})`, async () => {
    const words = WORDS[language];
    const user = await userOf("customs");
    const { page, log, close } = await visitor(browser, { language });
    await choosePassword(page, await linkFor(browser, user), PASSWORD);
    await page.getByTestId("password-set").waitFor();
    await enter(page, user, PASSWORD);
    await page.getByTestId("floor").waitFor();

    // His key is made in this browser: what he decides from here on is signed.
    await open(page, "/keys");
    await page.getByTestId("make-key").click();
    await page.getByTestId("have-key").waitFor();
    const keyId = (await page.getByTestId("have-key").locator(".mono").innerText()).trim();

    // The floor: the worst alert, taken note of by the keyboard, and its case opened.
    await waitForAlert(page);
    await open(page, "/");
    await page.getByTestId("queue").locator("button").first().waitFor();
    await page.keyboard.press("ArrowDown");
    const alert = await chosenAlert(page);
    await page.keyboard.press("a");
    await page.getByTestId("queue").locator(`[data-alert="${alert}"]`).getByText("✓").first().waitFor();
    await page.keyboard.press("o");
    await page.getByTestId("case").waitFor();
    assert.equal(new URL(page.url()).pathname, `/alerts/${alert}`);

    // The case: taken, and decided under his signature.
    const history = page.getByTestId("history");
    const take = page.getByTestId("take");
    await take.click();
    await take.waitFor({ state: "detached" });
    await page.getByLabel(words.verdict).check();
    await page.getByTestId("actions").locator("textarea").first().fill(words.reason);
    const sent = page.waitForRequest((request) => request.url().endsWith("/api/v1/commands"));
    await page.getByTestId("decide").click();
    assert.match(await (await sent).headerValue("sealway-signature"), new RegExp(`^${keyId}[0-9a-f]{128}$`));
    await history.getByText(words.decided).waitFor();
    const kept = await alertOf(page, alert);
    assert.deepEqual([kept.acknowledged_by, kept.assigned.to, kept.decided.by, kept.decided.verdict], [user, user, user, "false-alarm"]);

    // The transfer that waits for him: every step proved in this browser, its evidence taken along.
    const transfer = await reopened(page);
    await open(page, `/transfers/${transfer}`);
    const step = (arrow) => page.getByTestId("timeline").locator(`[data-step=${arrow}]`).first().innerText();
    await page.getByTestId("timeline").waitFor();
    for (const arrow of ["arrive", "unseal", "verify"]) assert.match(await step(arrow), words.against, arrow);
    assert.match(await step("hand-over"), words.unplanned);
    await page.getByTestId("verify-now").click();
    await page.getByTestId("proofs").waitFor();
    const [first, second] = (await page.getByTestId("proofs").innerText()).match(words.proved).slice(1).map(Number);
    assert.ok(first === second && first >= 8, `${first} and ${second}: ${await page.getByTestId("timeline").innerText()}`);
    const download = page.waitForEvent("download");
    await page.locator(`a[download="${transfer}.zip"]`).first().click();
    assert.equal((await download).suggestedFilename(), `${transfer}.zip`);

    // The write-off ends it.
    await page.locator('nav a[href="/write-off"]').click();
    const waiting = page.getByTestId("waiting").locator("tbody tr").filter({ has: page.locator(`a[href$="${transfer}"]`) });
    await waiting.getByRole("button", { name: words.writeOff }).click();
    const dialog = page.getByRole("dialog");
    await dialog.locator("textarea").fill(words.reason);
    await dialog.getByRole("button", { name: words.writeOff }).click();
    await waiting.waitFor({ state: "detached" });
    await until(page, async (id) => (await (await fetch(`/api/v1/transfers/${id}`)).json()).state === "written-off", transfer);

    await page.getByTestId("sign-out").click();
    await page.waitForURL(`${SERVER}/login`);
    assert.deepEqual([log.errors, log.violations], [[], []]);
    await close();
  });
}
