import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { findings, launch, open, signIn, tokenOf, visitor } from "./floor.mjs";

let browser;
before(async () => (browser = await launch({ webgl: false })));
after(() => browser?.close());

const focusInside = (page) => page.evaluate(() => document.querySelector("[data-testid=tour]")?.contains(document.activeElement) ?? false);
const title = (page) => page.getByTestId("tour").getByRole("heading").innerText();
const gone = (page) => page.getByTestId("tour").waitFor({ state: "detached" });

/** What the ring is around: the middle of it lies in the element, and it is on the screen. */
async function pointsAt(page, selector) {
  await page.waitForFunction((wanted) => {
    const ring = document.querySelector("[data-testid=tour] .ring").getBoundingClientRect();
    const part = document.querySelector(wanted).getBoundingClientRect();
    const near = (a, b) => Math.abs(a - b) < 10;
    return near(ring.left, part.left) && near(ring.top, part.top) && near(ring.width, part.width) && near(ring.height, part.height);
  }, selector);
}

/** From step to step with Next; every step is clean, in the dialog and on the screen. Gives the titles. */
async function walk(page) {
  const titles = [];
  while ((await page.getByTestId("tour").count()) > 0) {
    titles.push(await title(page));
    assert.equal(await focusInside(page), true, "the focus stays in the dialog");
    const card = await page.locator("[data-testid=tour] .card").boundingBox();
    const view = page.viewportSize();
    assert.ok(card.x >= 0 && card.y >= 0 && card.x + card.width <= view.width + 1 && card.y + card.height <= view.height + 1, `${titles.at(-1)}: off the screen`);
    const before = titles.at(-1);
    await page.keyboard.press("Enter");
    await page.waitForFunction((last) => document.querySelector("[data-testid=tour] h2")?.innerText !== last, before);
  }
  return titles;
}

for (const [role, language, width, home, first] of [
  ["customs", "en", 1440, "/", "section:has(> [data-testid=counter-alerts])"],
  ["carrier", "zh", 1440, "/fleet", null],
  ["operator", "en", 360, "/port", null],
]) {
  test(`the tour is offered once, and goes through what a newcomer has on the screen (${role}, ${language}, ${width} px)`, async () => {
    const { page, log, close } = await visitor(browser, { language, width, height: width === 360 ? 740 : 900 });
    await signIn(page, tokenOf(role));
    const offer = page.getByTestId("tour-invitation");
    await offer.waitFor();
    assert.deepEqual(await findings(page), []);
    await page.getByTestId("tour-start").click();
    await page.getByTestId("tour-number").waitFor();
    assert.equal(new URL(page.url()).pathname, home);
    assert.equal(await page.getByRole("dialog").count(), 1);
    if (first !== null) await pointsAt(page, first);
    assert.deepEqual(await findings(page), []);
    const titles = await walk(page);
    assert.ok(titles.length >= 4 && new Set(titles).size === titles.length, titles.join(", "));
    await gone(page);
    assert.equal(await offer.count(), 0);
    await page.reload();
    await page.locator("#content").waitFor();
    assert.equal(await offer.count(), 0, "whoever saw it is not asked again");
    assert.deepEqual(log.errors, []);
    assert.deepEqual(log.violations, []);
    await close();
  });
}

test("Escape leaves the tour at any step, and the help starts it again", async () => {
  const { page, close } = await visitor(browser);
  await signIn(page);
  await page.getByTestId("tour-no").click();
  await page.getByTestId("tour-invitation").waitFor({ state: "detached" });
  await open(page, "/kpis");
  for (const steps of [0, 2]) {
    await page.keyboard.press("?");
    await page.getByTestId("tour-again").click();
    await page.getByTestId("tour-number").waitFor();
    for (let n = 0; n < steps; n += 1) await page.keyboard.press("ArrowRight");
    assert.match(await page.getByTestId("tour-number").innerText(), new RegExp(`^Step ${steps + 1} of`));
    await page.keyboard.press("Tab");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Tab");
    assert.equal(await page.evaluate(() => document.activeElement?.closest("main, nav, header") ?? null), null, "nothing behind the dialog takes the focus");
    await page.keyboard.press("Escape");
    await gone(page);
    assert.notEqual(await page.evaluate(() => document.activeElement?.tagName), "BODY", "the focus is back in the page");
  }
  await close();
});

test("a step whose part of the screen is not there is passed over", async () => {
  const { page, close } = await visitor(browser);
  await signIn(page);
  await page.getByTestId("tour-start").click();
  await page.getByTestId("tour-number").waitFor();
  const all = await walk(page);
  await page.evaluate(() => (document.getElementById("queue").hidden = true, (document.getElementById("queue").style.display = "none")));
  await page.keyboard.press("?");
  await page.getByTestId("tour-again").click();
  await page.getByTestId("tour-number").waitFor();
  const fewer = await walk(page);
  assert.deepEqual(fewer, all.filter((name) => name !== "Alert queue"));
  assert.ok(all.includes("Alert queue"));
  await close();
});

test("who signed in later in the same browser is offered the tour of his own", async () => {
  const { page, close } = await visitor(browser);
  await signIn(page);
  await page.getByTestId("tour-invitation").waitFor();
  await page.getByTestId("sign-out").click();
  await page.waitForURL(/\/login$/);
  await signIn(page, tokenOf("carrier"));
  await page.getByTestId("tour-invitation").waitFor();
  await close();
});
