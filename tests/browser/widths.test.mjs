// Every page of every role on a tablet, a wall and a 4K screen: none scrolls sideways, and nothing that a person reads or presses is cut off.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, signIn, tokenOf, visitor } from "./floor.mjs";
import { goWithin, pagesOf, patternOf, ROLES, settled } from "./pages.mjs";

let browser;
before(async () => (browser = await launch({ webgl: false })));
after(() => browser?.close());

const WIDTHS = [768, 2560, 3840];

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
  test(`every page of ${role} fits a tablet, a wall and a 4K screen`, async () => {
    const { page, close } = await visitor(browser, { worker: false });
    await signIn(page, tokenOf(role));
    const wrong = [];
    for (const path of (await pagesOf(page, role)).filter((path) => !seen.has(patternOf(path)))) {
      seen.add(patternOf(path));
      await goWithin(page, path);
      await settled(page);
      for (const width of WIDTHS) {
        await page.setViewportSize({ width, height: Math.round((width * 9) / 16) });
        await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))));
        wrong.push(...(await beyond(page)).map((what) => `${path} at ${width} px: ${what}`));
      }
    }
    assert.deepEqual(wrong, []);
    await close();
  });
}
