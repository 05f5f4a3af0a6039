import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { after, before, test } from "node:test";
import { choosePassword, enter, linkFor, userOf } from "./entering.mjs";
import { findings, launch, open, SERVER, visitor } from "./floor.mjs";

let browser;
before(async () => (browser = await launch({ webgl: false })));
after(() => browser?.close());

const PASSWORD = "the river bends at dawn";
const OTHER = "nine lanterns over the gate";

/** What an authenticator shows now (RFC 6238). */
function codeOf(key) {
  const bits = [...key].map((letter) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(letter).toString(2).padStart(5, "0")).join("");
  const bytes = Buffer.from(bits.match(/.{8}/g).map((eight) => Number.parseInt(eight, 2)));
  const step = Buffer.alloc(8);
  step.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000)));
  const hash = createHmac("sha1", bytes).update(step).digest();
  const number = hash.readUInt32BE(hash[19] & 0xf) & 0x7fffffff;
  return String(number % 1_000_000).padStart(6, "0");
}

/** A link of the administrator's sets a password, once. */
async function setPassword(user, password) {
  const link = await linkFor(browser, user);
  const { page, close } = await visitor(browser);
  await page.goto(link);
  assert.equal(await page.getByLabel("User").inputValue(), user);
  assert.equal(page.url(), `${SERVER}/password`, "no secret stays in the address");
  assert.deepEqual(await findings(page), [], "the page behind a link");
  // Another page: within this one only the part after the # would change.
  await page.goto("about:blank");
  await choosePassword(page, link, password);
  await page.getByTestId("password-set").waitFor();
  await page.goto("about:blank");
  await choosePassword(page, link, OTHER);
  assert.match(await page.getByTestId("refused").innerText(), /used before/);
  await close();
}

test("from the administrator's link to a password, a second factor, and signing in with both", async () => {
  const user = await userOf("auditor");
  await setPassword(user, PASSWORD);
  const { page, log, close } = await visitor(browser);
  await enter(page, user, "not the password at all");
  assert.match(await page.getByTestId("login-error").innerText(), /User or password is wrong/);
  await enter(page, user, PASSWORD);
  await page.getByTestId("floor").waitFor();

  await page.getByTestId("who").click();
  const factor = page.getByTestId("factor-panel");
  await factor.getByLabel("Current password").fill(PASSWORD);
  await factor.getByRole("button", { name: "Set it up" }).click();
  const key = await factor.getByTestId("factor-key").innerText();
  assert.ok(await factor.getByTestId("factor-qr").evaluate((image) => image.complete && image.naturalWidth > 0), "the QR code is drawn");
  assert.deepEqual(await findings(page), [], "setting a second factor up");
  await factor.getByLabel("Six-digit code").fill(codeOf(key));
  await factor.getByRole("button", { name: "Confirm" }).click();
  await factor.getByTestId("recovery-codes").locator("li").first().waitFor();
  const recovery = await factor.getByTestId("recovery-codes").locator("li").allInnerTexts();
  assert.equal(recovery.length, 10);

  await page.getByTestId("sign-out").click();
  await enter(page, user, PASSWORD);
  await page.getByTestId("code").fill("000000");
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.getByText("The code is wrong").waitFor();
  assert.deepEqual(await findings(page), [], "signing in with a second factor");
  await page.getByTestId("code").fill(recovery[0]);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.getByTestId("floor").waitFor();

  await open(page, "/account");
  const password = page.getByTestId("password-panel");
  await password.getByLabel("Current password").fill(PASSWORD);
  await password.getByLabel("New password", { exact: true }).fill(OTHER);
  await password.getByLabel("New password again").fill(OTHER);
  await password.getByRole("button", { name: "Change the password" }).click();
  await password.getByTestId("taken").waitFor();
  await page.getByTestId("everywhere").click();
  await page.waitForURL(`${SERVER}/login`);
  assert.deepEqual([log.violations, log.errors], [[], []]);
  await close();
});
