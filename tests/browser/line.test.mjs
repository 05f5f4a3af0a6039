import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, SERVER, tokenOf, visitor } from "./floor.mjs";
import { lineTo } from "./line.mjs";

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
  await page.goto(`${line.address}/login#${tokenOf("customs")}`);
  await page.getByTestId("floor").waitFor();
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

test("a line that stands and says nothing for a minute is called so", async () => {
  const { page, close } = await visitor(browser);
  await page.clock.install();
  await page.goto(`${line.address}/login#${tokenOf("customs")}`);
  await page.getByTestId("floor").waitFor();
  await stands(page, "live");
  // An answer would tell the page the time that it really is.
  await page.route("**/api/v1/**", (route) => route.abort());
  line.hold();
  const bar = page.getByTestId("line");
  // What was on its way when the line fell silent may still come.
  do await page.clock.fastForward(61_000);
  while ((await bar.getAttribute("data-state")) === "live");
  assert.match(await bar.innerText(), /No update for 1 min/);
  await close();
});
