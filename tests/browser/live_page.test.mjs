import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { counted, findings, launch, mapIsDrawn, PATIENCE_MS, SERVER, signIn, until, visitor } from "./floor.mjs";

let browser;
before(async () => (browser = await launch()));
after(() => browser?.close());

const rows = (page) => page.getByTestId("transfers").locator("tbody tr");

test("the live page shows more than fifty seals and renews itself without a reload", async () => {
  const { page, log, close } = await visitor(browser);
  await signIn(page);
  await mapIsDrawn(page);
  const devices = await page.evaluate(async () => (await (await fetch("/api/v1/devices?limit=200")).json()).items.length);
  assert.ok(devices > 50, `${devices} devices, expected more than 50`);
  await page.waitForFunction(() => document.querySelectorAll("[data-testid=transfers] tbody tr").length > 50, null, { timeout: PATIENCE_MS });
  await page.evaluate(() => (globalThis.sameDocument = true));
  const before = await rows(page).locator(".way .text").allInnerTexts();
  await page.waitForFunction(
    (then) => {
      const now = [...document.querySelectorAll("[data-testid=transfers] tbody tr .way .text")].map((cell) => cell.innerText);
      return now.filter((text, i) => text !== then[i]).length >= 3;
    },
    before,
    { timeout: PATIENCE_MS },
  );
  assert.equal(await page.evaluate(() => globalThis.sameDocument), true);
  assert.equal(await page.getByTestId("line").getAttribute("data-state"), "live");
  assert.deepEqual(log.errors, []);
  await close();
});

test("an alert appears in the queue, J chooses it, and its card tells the seal", async () => {
  const { page, close } = await visitor(browser);
  await signIn(page);
  await page.getByTestId("queue").locator("button").first().waitFor();
  assert.ok((await counted(page, "alerts")) >= 1);
  await page.keyboard.press("j");
  const chosen = page.getByTestId("queue").locator("button[aria-current=true]");
  await chosen.waitFor();
  assert.equal(await chosen.evaluate((button) => button === document.activeElement), true);
  const first = await chosen.getAttribute("data-alert");
  const card = page.getByTestId("card");
  await card.waitFor();
  assert.match(await card.innerText(), /Last report/);
  if ((await page.getByTestId("queue").locator("button").count()) > 1) {
    await page.keyboard.press("j");
    assert.notEqual(await chosen.getAttribute("data-alert"), first);
    await page.keyboard.press("k");
    assert.equal(await chosen.getAttribute("data-alert"), first);
  }
  await close();
});

test("breaches stand before checks and checks before health in the queue, and each says what time is left to respond", async () => {
  const { page, close } = await visitor(browser);
  await signIn(page);
  await page.getByTestId("queue").locator("button").first().waitFor();
  const ranks = await page.getByTestId("queue").locator(".tag").evaluateAll((tags) =>
    tags.map((tag) => ["red", "amber", "grey"].findIndex((severity) => tag.classList.contains(severity))),
  );
  assert.deepEqual(ranks, [...ranks].sort((a, b) => a - b));

  const left = page.getByTestId("queue").getByTestId("left");
  await left.first().waitFor();
  for (const words of await left.allInnerTexts()) assert.match(words, /^(\d.* left|overdue by \d.*)$/);
  const waiting = await page.evaluate(async () => {
    const ids = [...document.querySelectorAll("[data-testid=queue] button:has([data-testid=left])")].map((button) => Number(button.dataset.alert));
    const { items } = await (await fetch("/api/v1/alerts?state=active&limit=500")).json();
    return ids.map((id) => items.find((alert) => alert.id === id)).filter(Boolean);
  });
  const given = { red: 5, amber: 30, grey: 480 };
  for (const alert of waiting) assert.equal((alert.respond_by - alert.opened_at) / 60_000, given[alert.severity]);
  for (const [before, after] of waiting.slice(1).map((alert, i) => [waiting[i], alert])) {
    assert.ok(before.severity !== after.severity || before.respond_by <= after.respond_by, `${before.id} before ${after.id}`);
  }
  await close();
});

test("a row of the table opens the card of its seal and its trail, which grows after it, and the search narrows the table", async () => {
  const { page, close } = await visitor(browser);
  await signIn(page);
  const row = rows(page).first();
  const seal = await row.locator(".seal").innerText();
  const trail = () => page.waitForResponse((answer) => answer.url().includes(`/devices/${seal}/track`));
  const drawn = trail();
  await row.locator("button").click();
  assert.match(await page.getByTestId("card").innerText(), new RegExp(seal));
  await drawn;
  const grown = trail();
  await page.getByRole("searchbox").fill(seal);
  await page.waitForFunction(() => document.querySelectorAll("[data-testid=transfers] tbody tr").length === 1);
  await grown;
  await close();
});

test("the language changes at once and is remembered", async () => {
  const { page, close } = await visitor(browser, { language: "en" });
  await signIn(page);
  await page.getByRole("heading", { name: /Alert queue/ }).waitFor();
  await page.getByTestId("language").click();
  await page.getByRole("heading", { name: /告警队列/ }).waitFor();
  assert.equal(await page.locator("html").getAttribute("lang"), "zh-CN");
  await page.reload();
  await page.getByRole("heading", { name: /告警队列/ }).waitFor();
  await close();
});

test("without WebGL the page draws a still map, whose marks a key or a click chooses", async (t) => {
  const plain = await launch({ webgl: false });
  t.after(() => plain.close());
  const { page, log, close } = await visitor(plain);
  await signIn(page);
  const map = page.getByTestId("still-map");
  const marks = map.locator("[data-mark]");
  await marks.first().waitFor();
  await map.locator("[data-ground=home]").waitFor({ state: "attached" });
  for (const mode of ["rail", "road", "sea", "air"]) assert.match(await map.locator(`[data-corridor=${mode}]`).getAttribute("d"), /^M[\d.]+ /, mode);
  // Which places have room for their names depends on where the seals are.
  const names = await map.locator("[data-place]").allTextContents();
  assert.ok(names.length >= 5 && names.every((name) => /^[\x20-\x7e]+$/.test(name)), String(names));
  assert.match(await page.locator(".map .attribution").innerText(), /OpenStreetMap contributors/);
  // Every seal with a position is on it, alone or counted.
  const placed = await page.evaluate(async () => (await (await fetch("/api/v1/devices?limit=200")).json()).items.filter(({ last }) => last?.fix).length);
  const drawn = await marks.evaluateAll((all) => all.reduce((sum, mark) => sum + Number(mark.dataset.seals), 0));
  assert.ok(drawn >= placed * 0.9, `${drawn} of ${placed} seals`);
  // What queue and map say of a seal is the same.
  const worst = await page.evaluate(async () => new Set((await (await fetch("/api/v1/alerts?state=active&limit=100")).json()).items.filter(({ severity }) => severity === "red").map(({ device }) => device)).size);
  if (worst > 0) assert.ok((await map.locator("[data-shape=mark-3]").count()) > 0, "breaches are diamonds");

  const group = map.locator('[data-mark]:not([data-seals="1"])').first();
  const seals = Number(await group.getAttribute("data-seals"));
  const far = Number(await marks.count());
  await group.focus();
  await page.keyboard.press("Enter");
  await until(page, ({ seals, far }) => {
    const now = [...document.querySelectorAll("[data-testid=still-map] [data-mark]")];
    return now.length !== far && now.every((mark) => Number(mark.dataset.seals) <= seals) && now.length >= 2;
  }, { seals, far });
  await page.getByRole("button", { name: "Show everything" }).click();

  const single = map.locator('[data-mark][data-seals="1"]').first();
  const id = await single.getAttribute("data-mark");
  await single.focus();
  await page.keyboard.press("Enter");
  assert.match(await page.getByTestId("card").innerText(), new RegExp(id));
  await page.getByTestId("chosen").waitFor();
  await map.locator("[data-trail]").first().waitFor({ state: "attached" });
  await page.getByTestId("language").click();
  await map.locator("[data-place]", { hasText: /\p{Script=Han}/u }).first().waitFor();
  assert.deepEqual(await findings(page), []);
  assert.deepEqual([...log.violations, ...log.errors], []);
  await close();
});

test("at 360 px nothing scrolls sideways in any view", async () => {
  const { page, close } = await visitor(browser, { width: 360, height: 740 });
  await signIn(page);
  for (const view of ["Alerts", "Map", "Transfers"]) {
    await page.getByRole("group", { name: "View" }).getByRole("button", { name: view }).click();
    const { wide, room } = await page.evaluate(() => ({ wide: document.documentElement.scrollWidth, room: innerWidth }));
    assert.ok(wide <= room, `${view}: ${wide} px in ${room} px`);
    const inner = await page.evaluate(() =>
      [...document.querySelectorAll(".scroll, [data-testid=queue]")].filter((box) => box.scrollWidth > box.clientWidth + 1).length,
    );
    assert.equal(inner, 0, `${view}: a list scrolls sideways`);
  }
  await page.goto(`${SERVER}/login`);
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
  await close();
});
