// Signing in at a provider: a real platform that is configured for it, and a provider of the test's own.
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { findings, launch, visitor } from "./floor.mjs";
import { lived, serve, silentPort } from "./platform.mjs";
import { CLIENT, provider, SECRET } from "./provider.mjs";

let browser, id, platform;
before(async () => {
  browser = await launch({ webgl: false });
  id = await provider("officer-zhao");
  const folder = await lived([["admin", "platform"]]);
  await writeFile(join(folder.home, "secret"), `${SECRET}\n`);
  const address = `127.0.0.1:${await silentPort()}`;
  const oidc = { issuer: id.issuer, home: `http://${address}`, client_id: CLIENT, client_secret_file: join(folder.home, "secret"), name_zh: "海关统一认证", name_en: "Customs ID" };
  const sections = `[http.oidc]\n${Object.entries(oidc).map(([key, value]) => `${key} = ${JSON.stringify(value)}`).join("\n")}\n`;
  platform = await serve(folder, { http: `listen = "${address}"`, sections });
  const user = { user: "officer-zhao", party: "xian-customs", role: "customs", name: "Zhao" };
  const headers = { authorization: `Bearer ${folder.tokens[0]}`, "content-type": "application/json" };
  const made = await fetch(`${platform.address}/api/v1/users`, { method: "POST", headers, body: JSON.stringify(user) });
  assert.ok(made.ok, await made.text());
});
after(async () => {
  await platform?.stop();
  await id?.stop();
  await browser?.close();
});

const WORDS = { en: ["Sign in with Customs ID", /you are no registered user here/], zh: ["用海关统一认证登录", /不是本平台的注册用户/] };

for (const [language, width] of [["en", 1440], ["zh", 360]]) {
  test(`a person signs in at the provider, and whom it does not know here reads why not (${language}, ${width} px)`, async () => {
    const [button, unknown] = WORDS[language];
    const { page, log, close } = await visitor(browser, { language, width });
    await page.goto(`${platform.address}/login`);
    const way = page.getByTestId("provider");
    await way.waitFor();
    assert.equal(await way.innerText(), button);
    assert.deepEqual(await findings(page), []);
    id.person = "nobody-here";
    await way.click();
    await page.getByRole("button", { name: "I am nobody-here" }).click();
    assert.match(await page.getByTestId("login-error").innerText(), unknown);
    assert.equal(page.url(), `${platform.address}/login`);
    id.person = "officer-zhao";
    await way.click();
    await page.getByRole("button", { name: "I am officer-zhao" }).click();
    await page.getByTestId("floor").waitFor();
    assert.match(await page.getByTestId("who").innerText(), /officer-zhao/);
    const cookies = await page.context().cookies();
    assert.deepEqual(cookies.map(({ name, httpOnly, sameSite }) => [name, httpOnly, sameSite]), [["sealway_session", true, "Strict"]]);
    await page.reload();
    await page.getByTestId("floor").waitFor();
    assert.deepEqual([log.errors, log.violations], [[], []]);
    await close();
  });
}

test("an answer that nobody asked for is told in words, and the form is still there", async () => {
  const { page, close } = await visitor(browser);
  await page.goto(`${platform.address}/api/v1/session/oidc/back?code=1&state=made-up`);
  assert.match(await page.getByTestId("login-error").innerText(), /began in another browser/);
  await page.getByLabel("User").waitFor();
  await close();
});

test("who tries too often is told so in words on the sign-in page", async () => {
  const { page, close } = await visitor(browser);
  const start = `${platform.address}/api/v1/session/oidc/start`;
  for (let time = 0; time < 12; time++) await fetch(start, { redirect: "manual" });
  await page.goto(start);
  assert.match(await page.getByTestId("login-error").innerText(), /Too many wrong attempts/);
  await page.getByTestId("provider").waitFor();
  await close();
});
