import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { command, launch, open, signIn, tokenOf, until, visitor, waitForAlert } from "./floor.mjs";

let browser;
before(async () => (browser = await launch({ webgl: false })));
after(() => browser?.close());

/** A4 in points. */
const SHEET = /\/MediaBox \[0 0 59[45]\.?\d* 84[12]\.?\d*\]/;
const NOTES = `<img src=x onerror="globalThis.broken=1"> patrol 3 is at the depot until 06:00`;

/** Between the margins of A4, in pixels of CSS. */
const PAPER = { width: 688, height: 1002 };

/** Tables that are wider than the paper, and words of Chinese that a narrow column parts. */
const broken = (page) =>
  page.evaluate(() => {
    const lines = (cell) => {
      const tops = [];
      const texts = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT, (text) => (text.data.trim() === "" ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_ACCEPT));
      while (texts.nextNode()) {
        const words = document.createRange();
        words.selectNodeContents(texts.currentNode);
        tops.push(...[...words.getClientRects()].map(({ top }) => Math.round(top)));
      }
      return new Set(tops).size;
    };
    const wide = [...document.querySelectorAll("#content .sideways")].filter((box) => box.scrollWidth > box.clientWidth + 1).map((box) => `${box.ariaLabel} is wider than the paper`);
    const cells = [...document.querySelectorAll("#content :is(th, td:not(.said))")].filter((cell) => /^\p{Script=Han}+$/u.test(cell.innerText.trim()) && lines(cell) > 1);
    return [...wide, ...cells.map((cell) => `"${cell.innerText.trim()}" is parted`)];
  });

/** What the page is on paper: no frame around it, nothing to press, nothing cut off, A4, and its title at the foot of every sheet. */
async function printed(page, title) {
  const screen = page.viewportSize();
  await page.emulateMedia({ media: "print" });
  await page.setViewportSize(PAPER);
  assert.deepEqual(await broken(page), []);
  await page.setViewportSize(screen);
  // The signs between the words stand there as their numbers.
  const foot = await page.evaluate(() => document.adoptedStyleSheets.flatMap((sheet) => [...sheet.cssRules]).map((rule) => rule.cssText).join());
  assert.ok(foot.includes("bottom-left") && foot.includes(`"${title} `), foot);
  for (const part of ["navigation", "banner"]) assert.equal(await page.getByRole(part).first().isVisible(), false, part);
  assert.equal(await page.getByTestId("print").isVisible(), false);
  const words = await page.locator("#content").innerText();
  const wide = await page.locator("#content").evaluate((box) => getComputedStyle(box).overflowY);
  assert.equal(wide, "visible", "what does not fit a screen goes on, on the next sheet");
  const sheets = (await page.pdf({ preferCSSPageSize: true })).toString("latin1");
  assert.match(sheets, SHEET);
  await page.emulateMedia({ media: "screen" });
  return words;
}

const alerts = (page, which = "") => page.evaluate(async (query) => (await (await fetch(`/api/v1/alerts?limit=500${query}`)).json()).items, which);

/** An open alert that this officer has: other tests may have decided some, and what a seal goes on to report stays open. */
async function assignedAlert(page) {
  await waitForAlert(page);
  const alert = (await alerts(page, "&state=active")).find((row) => !row.decided);
  await command(page, { type: "assign-alert", alert: alert.id, transfer: alert.transfer ?? null, to: "demo-customs" });
  return alert;
}

/** One that was decided in this shift; there are few of them, and one decision is enough for all tests. */
async function decidedAlert(page, spared) {
  const all = await alerts(page);
  const before = all.find((row) => row.decided);
  if (before) return before;
  const alert = await until(page, async (id) => (await (await fetch("/api/v1/alerts?limit=500")).json()).items.find((row) => row.id !== id), spared.id);
  await command(page, { type: "decide-alert", alert: alert.id, transfer: alert.transfer ?? null, verdict: "device-fault", reason: "<b>the patrol</b> saw it closed" });
  return (await alerts(page)).find((row) => row.id === alert.id);
}

/** The alert's own time, whatever the limit of its transfer; none once somebody responded. */
function respondWords(language, { acknowledged_by, respond_by }) {
  if (acknowledged_by != null) return /^–$/;
  if (respond_by < Date.now()) return language === "zh" ? /^已超 \d/ : /^\d.* over$/;
  return language === "zh" ? /^剩余 \d/ : /^\d.* left$/;
}

for (const language of ["en", "zh"]) {
  test(`an officer hands the shift over on paper: who has what, what is held, what was decided (${language})`, async () => {
    const { page, log, close } = await visitor(browser, { language });
    await signIn(page);
    const assigned = await assignedAlert(page);
    const { id: decided, decided: decision } = await decidedAlert(page, assigned);
    const transfer = await page.evaluate(async () => {
      const { items } = await (await fetch("/api/v1/transfers?state=in-transit&limit=500")).json();
      return items.find((row) => row.holds.length === 0);
    });
    const why = `x-ray ${transfer.id}`;
    await command(page, { type: "hold-transfer", transfer: transfer.id, reason: why });
    const asked = Date.now();
    await open(page, "/handover");
    const queue = page.getByTestId("handover-alerts");
    await queue.waitFor();
    const row = queue.locator("tr", { has: page.locator(`a[href="/alerts/${assigned.id}"]`) });
    assert.match(await row.innerText(), language === "zh" ? /demo-customs\s*（?\(?已指派/ : /demo-customs\s*\(assigned/);
    assert.ok((await queue.locator("thead").innerText()).includes(language === "zh" ? "响应时限" : "To respond"));
    // One whose time ran out since the sheet was read is said either way.
    const settled = (await alerts(page, "&state=active")).filter(({ respond_by }) => respond_by < asked || respond_by > Date.now());
    for (const alert of settled.slice(0, 20)) {
      const cells = queue.locator("tr", { has: page.locator(`a[href="/alerts/${alert.id}"]`) }).locator("td");
      // What was opened or cleared since is not on this sheet.
      if ((await cells.count()) > 0) assert.match(await cells.nth(5).innerText(), respondWords(language, alert), `alert ${alert.id}`);
    }
    const still = queue.locator("tr", { has: page.locator(`a[href="/alerts/${decided}"]`) });
    if ((await still.count()) > 0) assert.match(await still.innerText(), language === "zh" ? /已认定/ : /decided/, "what its seal goes on to report");
    assert.match(await page.getByTestId("handover-holds").locator("tr", { hasText: why }).innerText(), new RegExp(`${transfer.unit}[\\s\\S]*demo-customs`));
    const deeds = page.getByTestId("handover-deeds");
    // Whom the sheet calls by name has the id in brackets.
    assert.match(await deeds.locator("tr", { hasText: decision.reason }).first().textContent(), new RegExp(decision.by));
    assert.match(await deeds.locator("tr", { hasText: why }).innerText(), /demo-customs/);
    // The worst stands first.
    const ranks = await queue.locator("tbody tr svg").evaluateAll((marks) => marks.map((mark) => ["red", "amber", "grey"].findIndex((name) => mark.classList.contains(name))));
    assert.deepEqual(ranks, [...ranks].sort());
    await page.getByTestId("notes").fill(NOTES);
    const words = await printed(page, language === "zh" ? "交接班" : "Shift handover");
    assert.ok(words.includes(NOTES), "the notes are on the paper");
    assert.match(words, language === "zh" ? /接班人签名/ : /Taken over by/);
    assert.equal(await page.evaluate(() => globalThis.broken), undefined);
    // A look at the case in between loses no note.
    await row.getByRole("link").first().click();
    await page.getByTestId("case").waitFor();
    await page.goBack();
    await page.getByTestId("notes").waitFor();
    assert.equal(await page.getByTestId("notes").inputValue(), NOTES);
    assert.deepEqual(log.errors, []);
    await close();
  });
}

test("the shift is as long as the officer says", async () => {
  const { page, close } = await visitor(browser);
  await signIn(page);
  await open(page, "/handover");
  const span = page.getByTestId("span");
  await span.waitFor();
  const twelve = await span.innerText();
  await page.getByRole("button", { name: "Last 8 hours" }).click();
  await page.waitForFunction((before) => document.querySelector("[data-testid=span]")?.innerText !== before, twelve);
  assert.equal(await page.getByRole("button", { name: "Last 8 hours" }).getAttribute("aria-pressed"), "true");
  await close();
});

for (const [language, width] of [["en", 1440], ["zh", 360]]) {
  test(`the report of a transfer has its whole life on A4, each step proved again (${language}, ${width} px)`, async () => {
    const { page, log, close } = await visitor(browser, { language, width });
    await signIn(page);
    const transfer = await page.evaluate(async () => (await (await fetch("/api/v1/transfers?state=in-transit&limit=1")).json()).items[0].id);
    const counts = await page.evaluate(async (id) => {
      const count = async (path) => (await (await fetch(path)).json()).items.length;
      return { steps: await count(`/api/v1/records/step?transfer=${id}&limit=500`), alerts: await count(`/api/v1/alerts?transfer=${id}&limit=500`) };
    }, transfer);
    await open(page, `/transfers/${transfer}`);
    await page.getByTestId("open-report").click();
    const steps = page.getByTestId("report-steps");
    await steps.waitFor();
    const planned = language === "zh" ? /未定计划时间[\s\S]*（走廊时限）[\s\S]*解封后 3 天 内（核验结果期限）/ : /no time planned[\s\S]*\(time limit of the corridor\)[\s\S]*within 3 d of the unsealing \(limit for results\)/;
    assert.match(await steps.innerText(), planned, "planned against actual, step by step");
    const proved = steps.locator("tbody tr", { hasText: language === "zh" ? "已由本浏览器验证" : "proved by this browser" });
    assert.ok(counts.steps > 0 && (await proved.count()) >= counts.steps - 1, "all but what came after");
    if (counts.alerts > 0) assert.equal(await page.getByTestId("report-alerts").locator("tbody tr").count(), counts.alerts);
    const scrolled = await page.locator("#content").evaluate((box) => box.scrollWidth - box.clientWidth);
    assert.ok(scrolled <= 1, `the page scrolls ${scrolled} px sideways`);
    const words = await printed(page, `${language === "zh" ? "转关报告" : "Transfer report"} ${transfer}`);
    assert.ok(words.includes(transfer));
    assert.match(words, /demo-customs/);
    await page.keyboard.press("Escape");
    await page.getByTestId("transfer").waitFor();
    assert.deepEqual(log.errors, []);
    await close();
  });
}

test("the handover is the officer's alone", async () => {
  const { page, close } = await visitor(browser);
  await signIn(page, tokenOf("carrier"));
  await open(page, "/fleet");
  await page.goto(`${new URL(page.url()).origin}/handover`);
  await page.getByText("You may not see this page").waitFor();
  await close();
});
