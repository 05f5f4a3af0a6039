// Every page of every role on a phone, a tablet, a wall and a 4K screen: none scrolls sideways, nothing that a person reads or presses is cut
// off, no word is parted, and whatever the keyboard stands on shows it, by day and by night.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { lostFocus } from "./focus.mjs";
import { launch, signIn, tokenOf, visitor } from "./floor.mjs";
import { goWithin, pagesOf, patternOf, ROLES, settled } from "./pages.mjs";
import { partedWords } from "./parted.mjs";

let browser;
before(async () => (browser = await launch({ webgl: false })));
after(() => browser?.close());

const WIDTHS = [360, 768, 2560, 3840];

/** What does not fit: boxes that scroll sideways without being made for it, and words and buttons beyond the edge. */
const beyond = (page) =>
  page.evaluate(() => {
    const wide = (box) => box.scrollWidth - box.clientWidth > 1;
    const scrolls = (box) => ["auto", "scroll"].includes(getComputedStyle(box).overflowX);
    const within = (element) => {
      for (let box = element.parentElement; box !== null && box.id !== "content"; box = box.parentElement) if (scrolls(box)) return true;
      return false;
    };
    const told = (element) => `${element.tagName.toLowerCase()} "${element.innerText.trim().slice(0, 40)}"`;
    const sideways = [document.documentElement, document.querySelector("main")].filter(wide).map((box) => `${box.tagName.toLowerCase()} scrolls sideways`);
    const outside = [...document.querySelectorAll("main :is(h1, h2, h3, p, button, a, input, select, th, td, dt, dd, label)")]
      .filter((element) => element.checkVisibility({ visibilityProperty: true }) && !within(element))
      .filter((element) => {
        const { left, right, width } = element.getBoundingClientRect();
        return width > 0 && (right > innerWidth + 1 || left < -1);
      })
      .map((element) => `${told(element)} is cut off`);
    return [...sideways, ...outside];
  });

const seen = new Set();

for (const role of ROLES) {
  test(`every page of ${role} fits a phone, a tablet, a wall and a 4K screen, and shows where the keyboard is`, async () => {
    const { page, close } = await visitor(browser, { worker: false });
    await signIn(page, tokenOf(role));
    const wrong = [];
    for (const path of (await pagesOf(page, role)).filter((path) => !seen.has(patternOf(path)))) {
      seen.add(patternOf(path));
      await goWithin(page, path);
      await settled(page);
      for (const colorScheme of ["light", "dark"]) {
        await page.emulateMedia({ colorScheme });
        await page.keyboard.press("Tab");
        wrong.push(...(await lostFocus(page)).map((what) => `${path} (${colorScheme}): ${what}`));
      }
      for (const width of WIDTHS) {
        await page.setViewportSize({ width, height: Math.round((width * 9) / 16) });
        await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))));
        wrong.push(...[...(await beyond(page)), ...(await partedWords(page))].map((what) => `${path} at ${width} px: ${what}`));
      }
    }
    assert.deepEqual(wrong, []);
    await close();
  });
}

/** Cells of the table of transfers that end beyond what is seen of it, and those cut short that hold no name of a place; in both languages and themes. */
const cutCells = (page) =>
  page.evaluate(async () => {
    const cut = (cell, edge) => {
      const words = document.createRange();
      words.selectNodeContents(cell);
      const named = cell.matches(".from, .to");
      if (named) return cell.getBoundingClientRect().right > edge || cell.title === "";
      return words.getBoundingClientRect().right > edge || cell.scrollWidth > cell.clientWidth + 1;
    };
    const wrong = [];
    for (const half of ["language", "theme", "language"]) {
      document.querySelector(`[data-testid=${half}]`).click();
      await new Promise((drawn) => requestAnimationFrame(drawn));
      const box = document.querySelector("[data-testid=transfers]").closest(".scroll");
      const edge = box.getBoundingClientRect().left + box.clientWidth + 1;
      wrong.push(...[...box.querySelectorAll("th, td")].filter((cell) => cell.checkVisibility() && cut(cell, edge)).map((cell) => `"${cell.innerText.trim()}" is cut off`));
    }
    return wrong;
  });

test("no column of the table of transfers is cut, with and without the card", async () => {
  const { page, close } = await visitor(browser);
  await signIn(page);
  const row = page.getByTestId("transfers").locator("tbody tr").first();
  const wrong = [];
  for (const place of ["floor", "floor with the card", "transfers"]) {
    if (place === "floor with the card") await row.getByRole("button").click();
    if (place === "transfers") await goWithin(page, "/transfers");
    await row.waitFor();
    for (const width of [768, 1024, 1280, 1440, 1920]) {
      await page.setViewportSize({ width, height: 900 });
      wrong.push(...(await cutCells(page)).map((what) => `${place} at ${width} px: ${what}`));
    }
  }
  assert.deepEqual(wrong, []);
  await close();
});
