// axe finds nothing: on every page of every role in both languages and themes and on a phone, and on what stands before or over the pages.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { findings, launch, mapIsDrawn, SERVER, signIn, tokenOf, visitor, waitForAlert } from "./floor.mjs";
import { goWithin, pagesOf, patternOf, ROLES, settled } from "./pages.mjs";

let browser, mapless;
before(async () => ([browser, mapless] = await Promise.all([launch(), launch({ webgl: false })])));
after(() => Promise.all([browser?.close(), mapless?.close()]));

const DESK = { width: 1440, height: 900 };
const PHONE = { width: 360, height: 740 };

/** What axe finds in a language and a theme, in the others of both by the page's own buttons, and in these on a phone; rules of colours look at no words. */
async function inEveryLook(page) {
  const found = await findings(page);
  for (const button of ["theme", "language"]) await page.getByTestId(button).click();
  found.push(...(await findings(page)));
  await page.setViewportSize(PHONE);
  found.push(...(await findings(page)).map((what) => `at ${PHONE.width} px: ${what}`));
  await page.setViewportSize(DESK);
  return found;
}

/** What a page is made of: each kind of element once, whatever it says. */
const kindsOf = (page) => page.evaluate(() => [...new Set([...document.querySelectorAll("#content *")].map((element) => `${element.tagName} ${element.getAttribute("class") ?? ""}`))]);

/** Hides the rows of tables and lists that have nothing of another kind than those before them: colours and roles are those of the kind. */
const spareRows = (page) =>
  page.evaluate(() => {
    for (const list of document.querySelectorAll("tbody, ul, ol")) {
      const kinds = new Set();
      for (const row of list.children) {
        const own = [row, ...row.querySelectorAll("*")].map((element) => `${element.tagName} ${element.getAttribute("class") ?? ""}`);
        if (own.every((kind) => kinds.has(kind))) row.style.setProperty("display", "none", "important");
        for (const kind of own) kinds.add(kind);
      }
    }
  });

/** By pattern of address; a page on which another role sees nothing of another kind was looked at. */
const known = new Map();

async function isNew(page, path) {
  const kinds = known.get(patternOf(path)) ?? new Set();
  known.set(patternOf(path), kinds);
  const unseen = (await kindsOf(page)).filter((kind) => !kinds.has(kind));
  for (const kind of unseen) kinds.add(kind);
  return unseen.length > 0;
}

for (const role of ROLES) {
  test(`axe finds nothing on any page of ${role}, in both languages and themes and on a phone`, async () => {
    const { page, close } = await visitor(mapless, DESK);
    await signIn(page, tokenOf(role));
    const wrong = [];
    for (const path of await pagesOf(page, role)) {
      await goWithin(page, path);
      await settled(page);
      // What a row leads to within its page.
      if (path === "/corridors") await page.getByTestId("list").getByRole("button").first().click();
      if (path === "/audit") await goWithin(page, "/audit?entry=2");
      await settled(page);
      if (!(await isNew(page, path))) continue;
      await spareRows(page);
      wrong.push(...(await inEveryLook(page)).map((what) => `${path}: ${what}`));
    }
    assert.deepEqual(wrong, []);
    await close();
  });
}

test("axe finds nothing on the sign-in", async () => {
  const { page, close } = await visitor(mapless, DESK);
  await page.goto(`${SERVER}/login#not-a-token`);
  await page.getByTestId("login-error").waitFor();
  assert.deepEqual(await inEveryLook(page), []);
  await close();
});

test("axe finds nothing on the live page with its map and a card, in the dialog of the keys, and in any view of a phone", async () => {
  const { page, close } = await visitor(browser, DESK);
  await signIn(page);
  await waitForAlert(page);
  await mapIsDrawn(page);
  await page.getByTestId("queue").locator("button").first().waitFor();
  await page.keyboard.press("j");
  await page.getByTestId("card").waitFor();
  assert.deepEqual(await inEveryLook(page), []);
  await page.keyboard.press("?");
  await page.getByRole("dialog").waitFor();
  assert.deepEqual(await findings(page), [], "the dialog of the keys");
  await page.keyboard.press("Escape");
  await page.setViewportSize(PHONE);
  const views = page.getByRole("group", { name: "视图" }).getByRole("button");
  assert.ok((await views.count()) > 2);
  for (const view of await views.all()) {
    await view.click();
    assert.deepEqual(await findings(page), [], await view.innerText());
  }
  await close();
});
