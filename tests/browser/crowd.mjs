// How the watch floor bears many units: `node crowd.mjs [UNITS [MINUTES]]`, with SEALWAY_BIN naming a release build. It starts a demo of its
// own, and prints one line of JSON: first paint, how long the page takes to answer a hand, and memory over the minutes. Then another line of
// the same page in a browser that puts it together as it does by itself on a machine without a graphics card.
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

const [units = "10000", minutes = "1"] = process.argv.slice(2);
const program = process.env.SEALWAY_BIN ?? "../../target/release/sealway";
const SETTLE_MS = 5_000;
const MINUTE_MS = 60_000;
/** Some seals of the demonstration are thieves and jammers that come and go. */
const CONNECTED = 0.95;

const home = await mkdtemp(join(tmpdir(), "sealway-crowd-"));
const demo = spawn(program, ["demo", "--devices", units, "--time-factor", "1", "--report-every", "30s", "--http", "127.0.0.1:0", "--data", join(home, "data")], { stdio: ["ignore", "pipe", "inherit"] });
try {
  const { url, token } = await ready(demo);
  Object.assign(process.env, { SEALWAY_URL: url, SEALWAY_TOKEN_CUSTOMS: token });
  await underWay(url);
  // It reads both where it is loaded.
  const floor = await import("./floor.mjs");
  for (const alone of [false, true]) {
    const browser = await floor.launch({ alone });
    try {
      console.log(JSON.stringify({ page: alone ? "by itself" : "through WebGL's software", ...(await measured(floor, browser)) }));
    } finally {
      await browser.close();
    }
  }
} finally {
  demo.kill("SIGTERM");
  await new Promise((ended) => demo.once("exit", ended));
  await rm(home, { recursive: true, force: true });
}

async function ready({ stdout }) {
  const found = {};
  for await (const line of createInterface({ input: stdout })) {
    found.url ??= line.match(/^interface (\S+)$/)?.[1];
    found.token ??= line.match(/^sign in as customs: .*#(\S+)$/)?.[1];
    if (line.startsWith("ready")) return found;
  }
  throw new Error("the demo ended before it was ready");
}

/** Every seal is connected, and has said what it had to say at the beginning. */
async function underWay(url) {
  const figure = (text, name) => Number(text.match(new RegExp(`^${name} (\\d+)`, "m"))?.[1] ?? 0);
  let entries = 0;
  for (;;) {
    const text = await (await fetch(`${url}/metrics`)).text();
    const [open, now] = [figure(text, "sealway_front_connections_open"), figure(text, "sealway_log_entries_total")];
    console.error(`${open} of ${units} seals connected, ${now} entries`);
    if (open >= Number(units) * CONNECTED && now - entries < Number(units) / 2) return;
    entries = now;
    await new Promise((later) => setTimeout(later, SETTLE_MS));
  }
}

async function measured({ counted, visitor, signIn, mapIsDrawn }, browser) {
  const { page } = await visitor(browser);
  await page.addInitScript(watchEvents);
  await signIn(page);
  await mapIsDrawn(page);
  await page.waitForTimeout(SETTLE_MS);
  const underWayShown = await counted(page, "in-transit");
  const paint = await page.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? null);
  await hands(page);
  const events = await page.evaluate(() => globalThis.answered.toSorted((a, b) => a - b));
  const at = (share) => events[Math.min(events.length - 1, Math.floor(events.length * share))] ?? null;
  const frames = await page.evaluate(framesPerSecond);
  const memory = await memoryOver(page, Number(minutes));
  return { units: Number(units), under_way: underWayShown, first_contentful_paint_ms: paint, events: events.length, event_p50_ms: at(0.5), event_p98_ms: at(0.98), event_max_ms: events.at(-1) ?? null, frames_per_s: frames, heap_mib: memory };
}

/** Durations as the browser measures them, from the hand to the next paint. Those under 16 ms are not told. */
function watchEvents() {
  globalThis.answered = [];
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) if (entry.interactionId > 0) globalThis.answered.push(entry.duration);
  }).observe({ type: "event", durationThreshold: 16, buffered: true });
}

/** What an officer does: chooses rows and alerts, searches, filters, moves on by the keyboard. */
async function hands(page) {
  const rows = page.getByTestId("transfers").locator("tbody tr button");
  for (let i = 0; i < 12; i += 1) {
    await rows.nth(i).click();
    await page.keyboard.press("j");
    await page.keyboard.press("k");
  }
  const search = page.getByRole("searchbox").first();
  for (const text of ["XSWU00", "SW-R", ""]) {
    await search.click();
    await search.fill("");
    await page.keyboard.type(text, { delay: 60 });
  }
  for (const counter of await page.locator("[data-testid^=counter-]").all()) await counter.click();
  await page.waitForTimeout(SETTLE_MS);
}

async function framesPerSecond() {
  const from = performance.now();
  let frames = 0;
  while (performance.now() - from < 5_000) {
    await new Promise(requestAnimationFrame);
    frames += 1;
  }
  return Math.round(frames / 5);
}

/** MiB that are in use after a collection, at the beginning and after each minute. */
async function memoryOver(page, minutes) {
  const tools = await page.context().newCDPSession(page);
  await tools.send("HeapProfiler.enable");
  const used = async () => {
    await tools.send("HeapProfiler.collectGarbage");
    const { usedSize } = await tools.send("Runtime.getHeapUsage");
    return Math.round((usedSize / 1_048_576) * 10) / 10;
  };
  const figures = [await used()];
  for (let minute = 0; minute < minutes; minute += 1) {
    await page.waitForTimeout(MINUTE_MS);
    figures.push(await used());
  }
  return figures;
}
