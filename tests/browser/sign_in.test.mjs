import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, SERVER, signIn, TOKEN, visitor } from "./floor.mjs";

let browser;
before(async () => (browser = await launch({ webgl: false })));
after(() => browser?.close());

test("a sign-in link opens the live page and leaves no token in the address", async () => {
  const { page, log, close } = await visitor(browser);
  await signIn(page);
  assert.equal(page.url(), `${SERVER}/`);
  await page.goBack().catch(() => null);
  assert.ok(!page.url().includes(TOKEN), page.url());
  assert.deepEqual(log.errors, []);
  await close();
});

for (const [language, words] of [["en", /wrong, expired or revoked/], ["zh", /无效、已过期或已撤销/]]) {
  test(`a wrong token is refused with a clear sentence (${language})`, async () => {
    const { page, close } = await visitor(browser, { language });
    await page.goto(`${SERVER}/login#not-a-token`);
    const message = page.getByTestId("login-error");
    await message.waitFor();
    assert.match(await message.innerText(), words);
    assert.equal(page.url(), `${SERVER}/login`);
    await close();
  });
}

test("a token typed into the form signs in too, and an empty form says what is missing", async () => {
  const { page, close } = await visitor(browser);
  await page.goto(`${SERVER}/login`);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  assert.match(await page.getByTestId("login-error").innerText(), /Enter user and password/);
  await page.getByText("Sign in with an access token").click();
  await page.getByRole("button", { name: "Use the token" }).click();
  assert.match(await page.getByTestId("login-error").innerText(), /Enter an access token/);
  await page.getByLabel("Access token").fill(TOKEN);
  await page.getByRole("button", { name: "Use the token" }).click();
  await page.getByTestId("floor").waitFor();
  await close();
});

test("without a session every page leads to the sign-in, and signing out leads back to it", async () => {
  const { page, close } = await visitor(browser);
  await page.goto(`${SERVER}/`);
  await page.waitForURL(`${SERVER}/login`);
  await signIn(page);
  await page.getByTestId("sign-out").click();
  await page.waitForURL(`${SERVER}/login`);
  await page.goto(`${SERVER}/`);
  await page.waitForURL(`${SERVER}/login`);
  await close();
});
