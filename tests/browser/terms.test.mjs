// The trade's words: what one means is behind it, for the keyboard, the mouse and the finger, in both languages.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { findings, launch, open, SERVER, signIn, tokenOf, visitor, waitForAlert } from "./floor.mjs";

let browser;
before(async () => (browser = await launch({ webgl: false })));
after(() => browser?.close());

for (const [language, word, other, meaning] of [["en", "Root hash", "根哈希", /computed over all entries/], ["zh", "根哈希", "Root hash", /全部条目/]]) {
  test(`a word opens and closes by the keyboard, and axe finds nothing (${language})`, async () => {
    const { page, close } = await visitor(browser, { language, theme: language === "zh" ? "dark" : "light" });
    await signIn(page, tokenOf("auditor"));
    await open(page, "/audit");
    const term = page.locator("[data-term=root]");
    await term.focus();
    await page.keyboard.press("Enter");
    const card = page.getByTestId("term").filter({ visible: true });
    await card.waitFor();
    const said = await card.innerText();
    for (const part of [word, other]) assert.ok(said.includes(part), said);
    assert.match(said, meaning);
    const box = await card.boundingBox();
    assert.ok(box.x >= 0 && box.y >= 0 && box.x + box.width <= 1440 && box.y + box.height <= 900, JSON.stringify(box));
    assert.deepEqual(await findings(page), []);
    await page.keyboard.press("Escape");
    await card.waitFor({ state: "hidden" });
    assert.ok(await term.evaluate((button) => button === document.activeElement), "the focus stays on the word");
    await close();
  });
}

test("a card has its words before it is painted", async () => {
  const { page, close } = await visitor(browser);
  await signIn(page, tokenOf("auditor"));
  await open(page, "/audit");
  // No task comes between, so no picture either.
  const words = await page.locator("[data-term=root]").evaluate(async (button) => {
    button.click();
    for (let i = 0; i < 10; i += 1) await null;
    return document.querySelector("[data-testid=term]:popover-open").innerText;
  });
  assert.match(words, /Root hash/);
  await close();
});

test("on a phone a touch opens a word within the screen, and a touch elsewhere closes it", async () => {
  const { page, close } = await visitor(browser, { width: 360, height: 740 });
  await signIn(page, tokenOf("carrier"));
  const { items: [transfer] } = await page.evaluate(async () => (await fetch("/api/v1/transfers?limit=1")).json());
  await open(page, `/fleet/${transfer.id}`);
  await page.locator("[data-term=incident]").click();
  const card = page.getByTestId("term").filter({ visible: true });
  await card.waitFor();
  const box = await card.boundingBox();
  assert.ok(box.x >= 0 && box.x + box.width <= 360, JSON.stringify(box));
  // Wherever the word stands on the page.
  await page.mouse.click(180, box.y > 370 ? box.y - 20 : box.y + box.height + 20);
  await card.waitFor({ state: "hidden" });
  await close();
});

test("on a phone the menu has the help: every word of the trade in both languages", async () => {
  const { page, log, close } = await visitor(browser, { width: 360, height: 740 });
  await signIn(page, tokenOf("operator"));
  await open(page, "/port");
  await page.getByRole("button", { name: "Navigation" }).click();
  await page.getByTestId("help-here").click();
  const glossary = page.getByTestId("help-dialog").getByTestId("glossary");
  await glossary.waitFor();
  const words = async () => {
    const said = await glossary.locator("dt, dd").allInnerTexts();
    assert.ok(said.length >= 2 * 15 && said.every((text) => text.trim() !== ""), String(said.length));
    return said.filter((_, i) => i % 2 === 0);
  };
  for (const word of await words()) assert.match(word, /^\P{Script=Han}+ \p{Script=Han}+/u);
  assert.deepEqual(await findings(page), []);
  await page.keyboard.press("Escape");
  await glossary.waitFor({ state: "detached" });
  await page.getByTestId("language").click();
  await page.getByRole("button", { name: "导航" }).click();
  await page.getByTestId("help-here").click();
  for (const word of await words()) assert.match(word, /^\p{Script=Han}.* \P{Script=Han}+$/u);
  assert.deepEqual(log.errors, []);
  await close();
});

test("Esc closes the word alone where it would leave the page", async () => {
  const { page, close } = await visitor(browser);
  await signIn(page);
  await waitForAlert(page);
  await page.goto(`${SERVER}/alerts`);
  await page.getByRole("table").getByRole("link").first().click();
  const { pathname } = new URL(page.url());
  await page.locator("[data-term=seal]").click();
  const card = page.getByTestId("term").filter({ visible: true });
  await card.waitFor();
  await page.keyboard.press("Escape");
  await card.waitFor({ state: "hidden" });
  assert.equal(new URL(page.url()).pathname, pathname);
  await page.keyboard.press("Escape");
  await page.waitForURL(`${SERVER}/alerts`);
  await close();
});
