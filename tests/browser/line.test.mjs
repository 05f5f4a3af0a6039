import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { enter, launch, SERVER, tokenOf, until, visitor, waitForAlert } from "./floor.mjs";
import { lineTo } from "./line.mjs";
import { goWithin, settled } from "./pages.mjs";

let browser, line;
before(async () => ([browser, line] = await Promise.all([launch({ webgl: false }), lineTo(SERVER)])));
after(() => Promise.all([browser?.close(), line?.close()]));

const EVENTS = ["position", "movement", "alert", "device", "record", "reset"];

/** The page's own line, with the numbers of what came over it. */
function noteNumbers(kinds) {
  globalThis.told = [];
  globalThis.EventSource = class extends EventSource {
    constructor(...given) {
      super(...given);
      for (const kind of kinds) this.addEventListener(kind, ({ lastEventId }) => globalThis.told.push(Number(lastEventId)));
    }
  };
}

/** The numbers of what the same person is told over a line that nobody cuts. */
async function numbersOf(token, signal) {
  const numbers = [];
  const { body } = await fetch(`${SERVER}/api/v1/events`, { headers: { authorization: `Bearer ${token}` }, signal });
  const read = async () => {
    let rest = "";
    for await (const text of body.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + text).split("\n");
      rest = lines.pop();
      for (const said of lines) if (said.startsWith("id:")) numbers.push(Number(said.slice(3)));
    }
  };
  read().catch((cause) => signal.aborted || assert.fail(cause));
  return numbers;
}

const stands = (page, state) => page.locator(`[data-testid=line][data-state=${state}]`).waitFor();

test("a line that was cut goes on where it broke, and no event is lost or told twice", async (t) => {
  const ended = new AbortController();
  t.after(() => ended.abort());
  const all = await numbersOf(tokenOf("customs"), ended.signal);
  const { page, log, close } = await visitor(browser);
  await page.addInitScript(noteNumbers, EVENTS);
  await enter(page, line.address, tokenOf("customs"));
  await stands(page, "live");
  await page.waitForFunction(() => globalThis.told.length > 5);

  line.cut();
  await stands(page, "broken");
  const before = await page.evaluate(() => globalThis.told);
  const loads = () => log.requests.filter((url) => url.includes("/api/v1/devices?")).length;
  const loaded = loads();
  const missed = () => all.filter((number) => number > before.at(-1)).length;
  while (missed() < 5) await page.waitForTimeout(100);

  line.mend();
  await stands(page, "live");
  assert.equal(line.asked.at(-1), String(before.at(-1)));
  await page.waitForFunction((last) => globalThis.told.at(-1) >= last, all.at(-1));
  const told = await page.evaluate(() => globalThis.told);
  assert.deepEqual(told, all.filter((number) => number >= told[0] && number <= told.at(-1)));
  assert.equal(loads(), loaded, "what was missed is told, not loaded");
  assert.deepEqual([log.errors, log.violations], [[], []]);
  await close();
});

/** The pages of a role that stand on the live line, and what counts on by itself there. */
const LIVE = { customs: { "/": "td.age", "/alerts": "td time.age", "/transfers/": "[data-testid=as-of] time" }, operator: { "/port": "time.age" } };

/** What a page of a transfer asks for while nothing answers stays as it is with its age, and is asked for again once the line stands. */
async function cutAndMended(page, log) {
  line.cut();
  await stands(page, "broken");
  const stale = page.getByTestId("stale");
  await stale.first().waitFor();
  await page.unroute("**/api/v1/**");
  const asked = log.requests.length;
  line.mend();
  await page.waitForFunction(() => ["live", "quiet"].includes(document.querySelector("[data-testid=line]").dataset.state));
  // The curves are asked for again by the clock.
  await page.clock.fastForward(31_000);
  await stale.first().waitFor({ state: "detached" });
  assert.ok(log.requests.slice(asked).some((url) => /\/records\/step\?/.test(url)), "its steps were asked for again");
}

test("a line that says nothing for a minute is called so on every page that stands on it, ages go on, and once it speaks what was shown is true again", async () => {
  for (const [role, paths] of Object.entries(LIVE)) {
    const { page, log, close } = await visitor(browser, { worker: false });
    await page.clock.install();
    await enter(page, line.address, tokenOf(role));
    await stands(page, "live");
    const transfer = await until(page, async () => (await (await fetch("/api/v1/transfers?limit=1")).json()).items[0]?.id);
    if (role === "customs") await waitForAlert(page);
    for (const [path, ages] of Object.entries(paths)) {
      await goWithin(page, path === "/transfers/" ? `${path}${transfer}` : path);
      await settled(page);
      const counting = page.locator("#content").locator(ages);
      await counting.first().waitFor();
      // An answer would tell the page the time that it really is.
      await page.route("**/api/v1/**", (route) => (route.request().url().endsWith("/events") ? route.fallback() : route.abort()));
      line.hold();
      const bar = page.getByTestId("line");
      // What was on its way when the line fell silent may still come.
      do await page.clock.fastForward(61_000);
      while ((await bar.getAttribute("data-state")) === "live");
      assert.match(await bar.innerText(), /No update for \d+ min/, path);
      const before = await counting.allInnerTexts();
      await page.clock.fastForward(61_000);
      assert.notDeepEqual(await counting.allInnerTexts(), before, `${path}: ${before}`);

      if (path === "/transfers/") await cutAndMended(page, log);
      else line.resume();
      await bar.filter({ hasText: /^\s*Live/ }).waitFor();
      await page.unroute("**/api/v1/**");
    }
    assert.deepEqual(log.errors, []);
    await close();
  }
});
