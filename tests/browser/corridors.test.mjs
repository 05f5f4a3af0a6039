// The editor of corridors and places: drawn by hand on the map, or by numbers where nothing can be drawn; tested, and put for a day to come.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { findings, launch, mapIsDrawn, open, PATIENCE_MS, signIn, until, visitor } from "./floor.mjs";
import { goWithin } from "./pages.mjs";

let browser, mapless;
before(async () => ([browser, mapless] = await Promise.all([launch(), launch({ webgl: false })])));
after(() => Promise.all([browser?.close(), mapless?.close()]));

const ROAD = "road-xian-epz-a-xiy";
const DAY_MS = 86_400_000;

/** A date field's text, some days from now, at noon of the reader. */
const noonIn = (page, days) =>
  page.evaluate((ms) => {
    const at = new Date(Date.now() + ms);
    return `${at.getFullYear()}-${String(at.getMonth() + 1).padStart(2, "0")}-${String(at.getDate()).padStart(2, "0")}T12:00`;
  }, days * DAY_MS);

const fetched = (page, path) => page.evaluate(async (asked) => (await fetch(`/api/v1${asked}`)).json(), path);

async function choose(page, id) {
  await page.getByRole("searchbox").fill(id);
  await page.getByTestId("list").locator("button").first().click();
  await page.getByTestId("corridor-form").waitFor();
}

/** How many points the table counts. */
const points = (page, count) => page.locator("form summary").filter({ hasText: new RegExp(`^\\s*${count} (points|个点)`) }).waitFor();

/** Moves to a point of the line once the map shows it there: the cursor says so. */
async function overPoint(page, x, y) {
  const canvas = page.locator(".maplibregl-canvas");
  for (const end = Date.now() + PATIENCE_MS; ; ) {
    await page.mouse.move(x + 1, y);
    await page.mouse.move(x, y);
    if (await canvas.evaluate(({ style }) => style.cursor === "move")) return;
    assert.ok(Date.now() < end, `no point at ${x}, ${y}`);
    await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(drawn)));
  }
}

/** Adds a row of numbers to a list of marks. */
async function mark(page, list, numbers) {
  await page.getByTestId(list).getByTestId("add").click();
  for (const [i, number] of numbers.entries()) {
    await page.getByTestId(list).getByRole("spinbutton").nth(i).fill(number);
    await page.getByTestId(list).getByRole("spinbutton").nth(i).press("Tab");
  }
}

async function counted(page) {
  return Number((await page.locator("form summary").first().innerText()).replace(/\D/g, ""));
}

test("an officer draws a corridor anew, tests it, and puts it for a day to come", async () => {
  const { page, log, close } = await visitor(browser, { height: 600 });
  await signIn(page);
  await open(page, "/corridors");
  await mapIsDrawn(page);
  await choose(page, ROAD);
  const before = await counted(page);

  // What was changed and not put is there again, until it is discarded.
  const width = page.getByTestId("width");
  const wide = await width.inputValue();
  await width.fill("905");
  await goWithin(page, "/alerts");
  await page.getByTestId("width").waitFor({ state: "detached" });
  await goWithin(page, "/corridors");
  await page.getByTestId("list").getByText("changes not put").waitFor();
  await mapIsDrawn(page);
  await choose(page, ROAD);
  assert.equal(await width.inputValue(), "905");
  await page.getByTestId("discard").click();
  await page.getByTestId("discard").waitFor({ state: "detached" });
  assert.equal(await width.inputValue(), wide);

  const box = await page.locator(".maplibregl-canvas").boundingBox();
  const [x, y] = [box.x + box.width * 0.7, box.y + box.height * 0.72];
  await page.mouse.click(x, y);
  await points(page, before + 1);

  const length = page.getByTestId("length");
  const drawn = await length.innerText();
  await overPoint(page, x, y);
  await page.mouse.down();
  await page.mouse.move(x + 30, y + 12, { steps: 4 });
  await page.mouse.up();
  await page.waitForFunction((old) => document.querySelector("[data-testid=length]").innerText !== old, drawn);
  await points(page, before + 1);
  await page.mouse.click(x - 60, y + 20);
  await points(page, before + 2);
  for (const left of [before + 1, before]) {
    const [atX, atY] = left === before ? [x + 30, y + 12] : [x - 60, y + 20];
    await overPoint(page, atX, atY);
    await page.mouse.click(atX, atY, { button: "right" });
    await points(page, left);
  }

  await page.getByTestId("width").fill("900");
  for (const [list, numbers] of [["dead", ["2", "3"]], ["stops", ["5", "6", "45"]], ["waypoints", ["7", "400"]]]) await mark(page, list, numbers);
  await page.getByTestId("try").click();
  await page.getByTestId("trial").waitFor();
  await page.getByTestId("stops").getByRole("spinbutton").nth(2).fill("50");
  await page.getByTestId("stops").getByRole("spinbutton").nth(2).press("Tab");
  await page.getByTestId("trial").waitFor({ state: "detached" });
  await page.getByTestId("try").click();
  await page.getByTestId("trial").waitFor();

  await page.getByTestId("effective").fill(await noonIn(page, 3));
  await page.getByTestId("put").click();
  const coming = page.getByTestId("planned").getByText((await fetched(page, `/corridors/${ROAD}`)).properties.name_en);
  await coming.waitFor();
  const planned = page.getByTestId("versions").locator("tr[data-standing=planned]");
  await planned.waitFor();
  assert.equal(await page.getByTestId("versions").locator("tr[data-standing=in-force]").count(), 1);
  assert.notEqual((await fetched(page, `/corridors/${ROAD}`)).properties.width_m, 900, "not before its day");
  const [version] = (await fetched(page, `/corridors/${ROAD}/versions`)).items;
  const put = (await fetched(page, `/corridors/${ROAD}/versions/${version.effective_from}`)).properties;
  assert.deepEqual([put.width_m, put.no_signal, put.stops, put.waypoints], [900, [[2, 3]], [[5, 6, 50]], [[7, 400]]]);

  // Until its day it can be replaced.
  await choose(page, ROAD);
  assert.equal(await page.getByTestId("discard").count(), 0, "what was put waits no more");
  await planned.getByTestId("edit").click();
  await page.waitForFunction(() => document.querySelector("[data-testid=width]")?.value === "900");
  const digest = await planned.locator("td[title]").getAttribute("title");
  await page.getByTestId("width").fill("800");
  await page.getByTestId("put").click();
  await until(page, async ([id, from]) => (await (await fetch(`/api/v1/corridors/${id}/versions/${from}`)).json()).properties.width_m === 800, [ROAD, version.effective_from]);
  assert.equal((await fetched(page, `/corridors/${ROAD}/versions`)).items.length, 2);

  // And withdrawn, with a reason, once the page has the versions anew.
  await page.waitForFunction((old) => ![null, old].includes(document.querySelector("tr[data-standing=planned] td[title]")?.title ?? null), digest);
  await planned.getByRole("button", { name: "Withdraw" }).click();
  const dialog = page.getByRole("dialog");
  assert.equal(await dialog.getByRole("button", { name: "Withdraw" }).isDisabled(), true, "not without a reason");
  await dialog.getByLabel("Reason").fill("the works are put off");
  await dialog.getByRole("button", { name: "Withdraw" }).click();
  await planned.waitFor({ state: "detached" });
  await page.getByTestId("versions").locator("tr[data-standing=withdrawn]").getByText("the works are put off").waitFor();
  await coming.waitFor({ state: "detached" });
  assert.equal((await fetched(page, `/corridors/${ROAD}/versions`)).items.length, 1);
  assert.deepEqual(await findings(page), []);
  assert.deepEqual([log.errors, await page.evaluate(() => globalThis.policyViolations)], [[], []]);
  await close();
});

test("without WebGL, on a phone, a corridor is put by its numbers, and shown while they are written", async () => {
  const { page, close } = await visitor(mapless, { width: 360, height: 740, language: "zh" });
  await signIn(page);
  await open(page, "/corridors");
  const places = (await fetched(page, "/places")).features;
  const middle = (id) => {
    const ring = places.find((place) => place.properties.id === id).geometry.coordinates[0].slice(0, -1);
    return [0, 1].map((axis) => ring.reduce((sum, point) => sum + point[axis], 0) / ring.length);
  };
  const [from, to] = ["zone-xian-epz-a", "airport-xiy"];
  const id = `road-by-numbers-${Date.now()}`;
  await page.getByTestId("new").click();
  const form = page.getByTestId("corridor-form");
  await form.getByLabel("标识", { exact: true }).fill(id);
  await form.getByLabel("中文名").fill("按坐标");
  await form.getByLabel("英文名").fill("By numbers");
  await form.getByLabel("启运地").selectOption(from);
  await form.getByLabel("指运地").selectOption(to);
  await form.locator("summary").click();
  for (const [lon, lat] of [middle(from), middle(to)]) {
    await page.getByTestId("add-lon").fill(lon.toFixed(5));
    await page.getByTestId("add-lat").fill(lat.toFixed(5));
    await page.getByTestId("add-point").press("Enter");
  }
  await points(page, 2);
  assert.match(await page.getByTestId("still-map").locator(".draft").getAttribute("d"), /^M\S+ \S+L/);
  await page.getByText("请在点表中输入坐标").waitFor();
  await mark(page, "dead", ["2", "3"]);
  await mark(page, "stops", ["5", "6", "45"]);
  assert.deepEqual(await findings(page), []);
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), "wider than the phone");
  await page.getByTestId("effective").fill(await noonIn(page, 5));
  const day = await page.evaluate((ms) => new Intl.DateTimeFormat("zh-CN", { dateStyle: "medium" }).format(Date.now() + ms), 5 * DAY_MS);
  await page.getByTestId("effective-at").getByText(`${day} 12:00:00`).waitFor();
  // A field that holds the form up says why in the interface's language, and no more once it is mended.
  const [width, name] = [page.getByTestId("width"), form.getByLabel("英文名")];
  const told = (field) => field.evaluate((input) => input.validationMessage);
  await width.fill("55");
  await name.fill("");
  await page.getByTestId("put").click();
  assert.deepEqual([await told(width), await told(name)], ["55：应从 50 起按 10 递增。", "此项必填。"]);
  await width.fill("20");
  await page.getByTestId("put").click();
  assert.equal(await told(width), "20：应为 50 至 200000。");
  for (const [field, value] of [[width, "600"], [name, "By numbers"]]) await field.fill(value);
  assert.deepEqual([await told(width), await told(name)], ["", ""]);
  await page.getByTestId("put").click();
  await page.getByTestId("planned").getByText(id).click();
  await page.getByTestId("versions").locator("tr[data-standing=planned]").waitFor();
  assert.equal(await page.getByTestId("effective").inputValue(), await noonIn(page, 5));
  assert.deepEqual(await findings(page), []);
  await close();
});
