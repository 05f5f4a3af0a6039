import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { userOf } from "./entering.mjs";
import { launch, open, SERVER, signIn, TOKEN, tokenOf, visitor } from "./floor.mjs";

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
  await page.goto(`${SERVER}/grants`);
  await page.waitForURL(`${SERVER}/login`);
  await useToken(page, TOKEN);
  await page.waitForURL(`${SERVER}/grants`);
  await close();
});

async function useToken(within, token) {
  await within.getByText("Sign in with an access token").click();
  await within.getByLabel("Access token").fill(token);
  await within.getByRole("button", { name: "Use the token" }).click();
}

test("a session that ends under a form keeps what was typed for its person, hidden until they are back, and for nobody else", async () => {
  const { page, log, close } = await visitor(browser, { worker: false });
  await signIn(page, tokenOf("carrier"));
  await open(page, "/declare");
  await page.getByTestId("unit").fill("CSQU3054383");
  const door = page.getByTestId("session-ended");
  const endAndEnter = async (token) => {
    await page.context().clearCookies();
    await door.waitFor();
    for (let times = 0; times < 3; times += 1) await page.keyboard.press("Escape");
    assert.equal(await door.isVisible(), true, "no key opens the door");
    const over = await page.getByTestId("unit").evaluate((field) => {
      const { x, y, width, height } = field.getBoundingClientRect();
      return document.elementFromPoint(x + width / 2, y + height / 2)?.closest("dialog")?.dataset.testid;
    });
    assert.equal(over, "session-ended", "the door hides the page");
    await useToken(door, token);
  };
  const listens = page.waitForRequest(/\/api\/v1\/events$/);
  await endAndEnter(tokenOf("carrier"));
  await door.waitFor({ state: "detached" });
  assert.equal(await page.getByTestId("unit").inputValue(), "CSQU3054383");
  await listens;
  await endAndEnter(tokenOf("operator"));
  await page.getByTestId("who").getByText(await userOf("operator")).waitFor();
  assert.equal(await page.getByTestId("session-ended").count(), 0);
  assert.equal(await page.evaluate(() => JSON.stringify(sessionStorage).includes("CSQU3054383")), false, "no draft is left to another person");
  assert.deepEqual(log.errors, []);
  await close();
});
