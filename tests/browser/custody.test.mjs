import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { enter, userOf } from "./entering.mjs";
import { command, findings, lateViews, launch, open, PATIENCE_MS, signIn, tokenOf, until, visitor, waitForAlert } from "./floor.mjs";
import { colleagueOf, inside } from "./people.mjs";

const PASSWORD = "two keys for one door";

let browser;
before(async () => (browser = await launch({ webgl: false })));
after(() => browser?.close());

test("a person makes a key in the browser, and what is decided from then on is signed", async () => {
  const { page, close } = await visitor(browser);
  await signIn(page);
  await open(page, "/keys");
  await page.getByTestId("make-key").click();
  const have = page.getByTestId("have-key");
  await have.waitFor();
  const keyId = (await have.locator(".mono").innerText()).trim();
  assert.match(keyId, /^[0-9a-f]{16}$/);
  // A loaded page finds the key again.
  await page.reload();
  await have.waitFor();
  await waitForAlert(page);
  await open(page, "/alerts");
  await page.getByTestId("alerts").locator("tbody a").first().click();
  await page.getByTestId("case").waitFor();
  await page.getByLabel("Note").fill("signed by hand");
  const sent = page.waitForRequest((request) => request.url().endsWith("/api/v1/commands"));
  await page.getByTestId("note").click();
  assert.match(await (await sent).headerValue("sealway-signature"), new RegExp(`^${keyId}[0-9a-f]{128}$`));
  await page.getByTestId("history").getByText("signed by hand").waitFor();
  // An entry is in the tree with the next checkpoint.
  await until(page, async () => {
    const { items } = await (await fetch("/api/v1/log/entries?limit=500")).json();
    return items.some((entry) => entry.command === "note-alert" && entry.signed);
  });
  await open(page, "/keys");
  await page.getByTestId("keys").getByRole("button", { name: "Revoke" }).first().click();
  await page.getByRole("dialog").getByLabel("Reason").fill("machine given away");
  await page.getByRole("dialog").getByRole("button", { name: "Revoke" }).click();
  await page.getByTestId("make-key").waitFor();
  await close();
});

/** Leave to open a seal that is under way, somewhere at sea where no way leads, as the page's officer asks for it: where its row stands, and what it opens. */
async function propose(page) {
  const latitude = (20 + Math.random()).toFixed(4);
  const lines = (within) => within.locator("tbody tr", { hasText: `${latitude}, 108.1000` });
  const { id, seal } = await page.evaluate(async () => (await (await fetch("/api/v1/transfers?state=in-transit&limit=1")).json()).items[0]);
  await open(page, "/grants");
  const field = page.getByLabel("Seal", { exact: true });
  await field.fill(seal);
  await field.press("Enter");
  const form = page.getByTestId("grant-form");
  await form.getByLabel("Latitude").fill(latitude);
  await form.getByLabel("Longitude").fill("108.1");
  await form.getByLabel("Radius").fill("300");
  await form.getByTestId("issue").click();
  const row = lines(page.getByTestId("grants"));
  await row.getByText("Needs a second officer").waitFor();
  assert.match(await row.innerText(), new RegExp(seal));
  return { row, lines, transfer: id, seal };
}

test("a grant beyond the destination takes two officers: whoever proposed it does not countersign it, and nobody twice", async () => {
  const [proposer, officer] = [await userOf("customs"), await colleagueOf("customs", "zhao", PASSWORD)];
  const first = await visitor(browser);
  await signIn(first.page);
  const { row, lines, transfer, seal } = await propose(first.page);
  const kept = await until(
    first.page,
    async (device) => (await (await fetch("/api/v1/records/grant?limit=500")).json()).items.find(({ body }) => body.device === device && body.standing === "proposed")?.body,
    seal,
  );
  const countersign = (page) => command(page, { type: "countersign-grant", grant: kept.grant, device: seal });
  assert.equal(await row.getByTestId("countersign").count(), 0, "not by who proposed it");
  await assert.rejects(countersign(first.page), /same-officer: .*expected another officer/);

  const second = await visitor(browser);
  await enter(second.page, officer, PASSWORD);
  await inside(second.page);
  await open(second.page, `/transfers/${transfer}`);
  const there = lines(second.page.getByTestId("grants-panel"));
  await there.getByTestId("countersign").click();
  // On both pages by itself: the first officer's was loaded before.
  for (const line of [there, row]) await line.filter({ hasText: `${proposer} + ${officer}` }).getByText("Given", { exact: true }).waitFor();
  assert.equal(await there.getByTestId("countersign").count(), 0);
  await assert.rejects(countersign(second.page), /grant-standing: .*waits for a second officer/);
  await there.getByTestId("revoke").click();
  await row.getByText("Taken back").waitFor();
  for (const { log, close } of [first, second]) {
    assert.deepEqual(log.errors, []);
    await close();
  }
});

test("an officer proposes a grant under way, and takes it back, both at once in the list", async () => {
  const { page, close } = await visitor(browser);
  await signIn(page);
  await lateViews(page, "**/records/grant*");
  const { row } = await propose(page);
  await row.getByTestId("revoke").click();
  await row.getByText("Taken back").waitFor();
  await close();
});

test("an auditor sees grants and ledgers and can change nothing there", async () => {
  const { page, close } = await visitor(browser);
  await signIn(page, tokenOf("auditor"));
  await open(page, "/grants");
  await page.getByTestId("grants-page").waitFor();
  assert.equal(await page.getByRole("button", { name: "Grant the unsealing" }).count(), 0);
  await open(page, "/write-off");
  await page.getByTestId("postings").locator("tbody tr").first().waitFor();
  // A word's button opens its meaning and nothing else.
  assert.equal(await page.getByTestId("write-off-page").locator("button:not([data-term])").count(), 0);
  await close();
});

test("an officer takes a write-off back for a reason, and writes the transfer off again", async () => {
  const { page, log, close } = await visitor(browser);
  await signIn(page);
  await lateViews(page, "**/records/ledger-posting*");
  await open(page, "/write-off");
  const postings = page.getByTestId("postings").locator("tbody tr");
  const written = postings.filter({ has: page.getByRole("button", { name: "Reverse" }) }).first();
  await written.waitFor({ timeout: 4 * PATIENCE_MS });
  const transfer = await written.getByRole("link").innerText();
  const posting = (await written.locator("td").first().innerText()).trim();
  await written.getByRole("button", { name: "Reverse" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Reason").fill("counted again");
  await dialog.getByRole("button", { name: "Reverse" }).click();
  await dialog.waitFor({ state: "detached" });
  await postings.getByText(`reverses #${posting}`).waitFor();
  const waiting = page.getByTestId("waiting").locator("tbody tr").filter({ has: page.locator(`a[href$="${transfer}"]`) });
  await waiting.getByRole("button", { name: "Write off" }).click();
  await dialog.getByLabel("Note").fill("counted twice, all there");
  await dialog.getByRole("button", { name: "Write off" }).click();
  await waiting.waitFor({ state: "detached" });
  assert.deepEqual(await findings(page), []);
  assert.deepEqual(log.errors, []);
  await close();
});
