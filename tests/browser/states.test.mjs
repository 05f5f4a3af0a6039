// What every page says when the API takes its time, answers badly, forbids, or has nothing: never a blank panel, never "nothing" for
// "could not be loaded". The answers are real ones that are held up, cut off or emptied on their way. What a page has does not depend on
// who looks: the first role that has a page looks at it, and every role is turned away from what it has not.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { findings, launch, SERVER, signIn, tokenOf, visitor } from "./floor.mjs";
import { goWithin, pagesOf, patternOf, ROLES, settled } from "./pages.mjs";

let browser;
before(async () => (browser = await launch({ webgl: false })));
after(() => browser?.close());

const problem = (status, code) => ({ status, contentType: "application/problem+json", body: JSON.stringify({ type: "about:blank", title: code, status, code }) });

const FAULTS = {
  failed: (route) => route.fulfill(problem(503, "degraded")),
  forbidden: (route) => route.fulfill(problem(403, "role-forbids")),
  empty: async (route) => {
    const answer = await route.fetch();
    const body = await answer.json().catch(() => null);
    return route.fulfill(Array.isArray(body?.items) ? { response: answer, json: { ...body, items: [], next: null } } : { response: answer });
  },
  slow: (route, way) => void way.held.push(route),
};

/** The person, the line of events and what the bar says stay as they are: this is about what a page asks for. */
const isSpared = (path) => /\/api\/v1\/(me|events|session|log\/state|series\/state)\b/.test(path);

/** Stands between the page and the API: `fault` is what it does there now, `asked` how many questions of the page it saw since it began. */
async function between(page) {
  const way = { fault: null, asked: 0, held: [], axed: false };
  way.begin = (fault) => Object.assign(way, { fault, asked: 0, held: [] });
  way.let = () => {
    const { held } = way;
    way.begin(null);
    return Promise.all(held.map((route) => route.continue()));
  };
  await page.route(/\/(api\/v1|tlog)\//, (route) => {
    if (isSpared(new URL(route.request().url()).pathname)) return route.fallback();
    way.asked += 1;
    return way.fault === null ? route.fallback() : FAULTS[way.fault](route, way);
  });
  return way;
}

/** The panels with neither a word nor a picture in them, and what the notes of the page say. */
const look = (page) =>
  page.evaluate(() => {
    const shown = (box) => box.checkVisibility();
    const blank = [...document.querySelectorAll("#content section > .content")]
      .filter((box) => shown(box) && box.innerText.trim() === "" && box.querySelector("svg, canvas, img, input, select, textarea") === null)
      .map((box) => box.closest("section").innerText);
    const notes = (kind) => [...document.querySelectorAll(`main [data-note=${kind}]`)].filter(shown).map((note) => note.querySelector("h1, strong").innerText);
    return { blank, busy: notes("busy"), alarms: notes("alarm"), empties: notes("empty"), ages: document.querySelectorAll("#content time").length };
  });

/** Opens the page anew under a fault. */
async function under(page, way, path, fault) {
  await goWithin(page, "/nowhere");
  way.begin(fault);
  await goWithin(page, path);
}

/** What is wrong with how one page says its states; empty for a page that asks nothing of its own. */
async function faultsOf(page, way, path) {
  const wrong = [];
  const expect = (right, words, seen) => right || wrong.push(`${path}: ${words}: ${JSON.stringify(seen)}`);
  await under(page, way, path, null);
  await settled(page);
  const well = await look(page);
  expect(well.blank.length + well.alarms.length === 0, "not well although all is", well);
  if (way.asked === 0) return wrong;
  const without = {};

  for (const fault of ["failed", "forbidden"]) {
    await under(page, way, path, fault);
    await settled(page);
    const seen = (without[fault] = await look(page));
    expect(seen.blank.length === 0 && seen.alarms.length > 0, `does not say that it ${fault}`, seen);
    // The notes are of one kind on all pages: one of them is enough.
    if (!way.axed) expect(...(await axe(page)));
    way.axed = true;
  }

  await under(page, way, path, "empty");
  await settled(page);
  const empty = await look(page);
  expect(empty.blank.length + empty.alarms.length === 0, "does not say that there is nothing", empty);

  await under(page, way, path, "slow");
  await page.locator("main [data-note=busy]").first().waitFor();
  const waiting = (without.slow = await look(page));
  expect(waiting.blank.length + waiting.alarms.length === 0, "does not say that it waits", waiting);
  await way.let();
  await settled(page);
  const late = await look(page);
  expect(late.blank.length + late.alarms.length === 0 && late.ages > 0, "does not say what came late, and how old it is", late);

  // What is empty by the live rows may become so at any time; it is before or after too.
  const truly = [...well.empties, ...late.empties];
  for (const [fault, seen] of Object.entries(without)) expect(seen.empties.every((words) => truly.includes(words)), `says that there is nothing when it is ${fault}`, seen);
  return wrong;
}

async function axe(page) {
  const found = await findings(page);
  return [found.length === 0, "axe", found];
}

const seen = new Set();

for (const role of ROLES) {
  test(`every page of ${role} says what it cannot show, and what is not his is forbidden`, async () => {
    const { page, log, close } = await visitor(browser, { worker: false });
    const way = await between(page);
    await signIn(page, tokenOf(role));
    const own = await pagesOf(page, role);
    const wrong = [];
    for (const path of own.filter((path) => !seen.has(patternOf(path)))) wrong.push(...(await faultsOf(page, way, path)));
    const patterns = new Set(own.map(patternOf));
    for (const path of [...seen].filter((path) => !patterns.has(path))) {
      await goWithin(page, path);
      const { alarms } = await look(page);
      if (alarms.join() !== "You may not see this page") wrong.push(`${path}: not forbidden: ${alarms}`);
    }
    for (const pattern of patterns) seen.add(pattern);
    assert.deepEqual(wrong, []);
    assert.deepEqual([log.errors, log.violations], [[], []]);
    await close();
  });
}

for (const [role, paths] of [["customs", ["/", "/alerts", "/transfers"]], ["carrier", ["/fleet", "/devices"]], ["operator", ["/port"]]]) {
  test(`where nothing is under way ${role} reads so on every page of the live rows`, async () => {
    const { page, close } = await visitor(browser, { worker: false });
    const way = await between(page);
    // No event fills the lists again.
    await page.route("**/api/v1/events*", (route) => route.abort());
    way.begin("empty");
    await signIn(page, tokenOf(role));
    for (const path of paths) {
      await goWithin(page, path);
      await settled(page);
      const { blank, alarms, empties } = await look(page);
      assert.deepEqual([blank, alarms, empties.length > 0], [[], [], true], `${path}: ${empties}`);
      const [right, , found] = await axe(page);
      assert.ok(right, `${path}: ${found}`);
    }
    await close();
  });
}

test("a house without lists says so instead of a page, and is there after another try", async () => {
  const { page, close } = await visitor(browser, { worker: false });
  const way = await between(page);
  way.begin("failed");
  await page.goto(`${SERVER}/login#${tokenOf("customs")}`);
  await page.getByText("The data could not be loaded").waitFor();
  assert.deepEqual(await findings(page), []);
  way.begin(null);
  await page.getByRole("button", { name: "Try again" }).click();
  await page.getByTestId("floor").waitFor();
  await close();
});
