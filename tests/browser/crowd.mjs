// How the watch floor bears many units: `node crowd.mjs [UNITS [MINUTES]]`, with SEALWAY_BIN and SEAL_SIM_BIN naming release builds. The
// platform and the seals are two processes, since each connection takes a file of either. It prints one line of JSON for a browser whose WebGL
// is drawn by the processor, and one for a browser without WebGL: first paint, how long the page takes to answer a hand, the slowest
// answers, and memory over the minutes.
import { execFileSync, spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";

const [units = "10000", minutes = "1"] = process.argv.slice(2);
const program = process.env.SEALWAY_BIN ?? "../../target/release/sealway";
const seals = process.env.SEAL_SIM_BIN ?? "../../target/release/seal-sim";
const world = resolve("../../tracker/core/world");
const SETTLE_MS = 5_000;
const MINUTE_MS = 60_000;
/** Some seals of the demonstration are thieves and jammers that come and go. */
const CONNECTED = 0.95;
/** Reports of a seal: one in half a minute. */
const EVERY_MS = "30000";
const CONFIG = `[mqtt]
listen = "127.0.0.1:0"
address_burst = 1000000
address_per_second = 1000000
strangers_per_second = 1000000
[http]
listen = "127.0.0.1:0"
`;

const home = await mkdtemp(join(tmpdir(), "sealway-crowd-"));
const data = join(home, "data");
const started = [];
try {
  const token = await declared();
  const { interface: url, mqtt } = await serving();
  const key = platformKey();
  start(seals, ["fleet", "--mqtt", mqtt, "--platform-key", key, "--devices", units, "--time-factor", "1", "--report-every-ms", EVERY_MS, "--corridors", join(world, "corridors.geojson"), "--places", join(world, "places.geojson")]);
  Object.assign(process.env, { SEALWAY_URL: url, SEALWAY_TOKEN_CUSTOMS: token });
  await underWay(url);
  // It reads both where it is loaded.
  const floor = await import("./floor.mjs");
  for (const webgl of [true, false]) {
    const browser = await floor.launch({ webgl, alone: true });
    try {
      console.log(JSON.stringify({ map: webgl ? "webgl by the processor" : "without webgl", ...(await measured(floor, browser, webgl)) }));
    } finally {
      await browser.close();
    }
  }
} finally {
  for (const child of started.reverse()) await ended(child, "SIGTERM");
  await rm(home, { recursive: true, force: true });
}

function start(file, options) {
  const child = spawn(file, options, { stdio: ["ignore", "pipe", "inherit"] });
  child.once("exit", (code) => {
    if (code) throw new Error(`${file} ${options[0]} ended with ${code}`);
  });
  started.push(child);
  return child;
}

async function ended(child, signal) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill(signal);
  await new Promise((over) => child.once("exit", over));
}

/** Everybody and every transfer of the demonstration, which is broken off before its own seals leave. */
async function declared() {
  const demo = start(program, ["demo", "--devices", units, "--http", "127.0.0.1:0", "--data", data]);
  let token = null;
  for await (const line of createInterface({ input: demo.stdout })) {
    token ??= line.match(/^sign in as customs: .*#(\S+)$/)?.[1];
    if (!line.startsWith("ready")) continue;
    await ended(demo, "SIGKILL");
    return token;
  }
  throw new Error("the demo ended before it was ready");
}

async function serving() {
  const config = join(home, "sealway.toml");
  await writeFile(config, CONFIG);
  const found = {};
  for await (const line of createInterface({ input: start(program, ["serve", "--config", config, "--data", data]).stdout })) {
    const [name, address] = line.split(" ");
    found[name] = address;
    if (found.interface && found.mqtt) return found;
  }
  throw new Error("the platform ended before it was ready");
}

/** In hex, as a seal is told it: out of the key of the log's notes, whose first byte names its kind. */
function platformKey() {
  const note = execFileSync(program, ["evidence", "root", "--data", data], { encoding: "utf8" }).trim();
  return Buffer.from(note.match(/\+[0-9a-f]{8}\+(\S+)$/)[1], "base64").subarray(1).toString("hex");
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

async function measured({ counted, visitor, signIn, mapIsDrawn }, browser, webgl) {
  const { page } = await visitor(browser);
  await page.addInitScript(watchEvents);
  await signIn(page);
  await (webgl ? mapIsDrawn(page) : page.getByTestId("still-map").waitFor());
  await page.waitForTimeout(SETTLE_MS);
  const underWayShown = await counted(page, "in-transit");
  const paint = await page.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? null);
  await hands(page);
  const answered = await page.evaluate(() => globalThis.answered);
  const events = answered.map(({ ms }) => ms).toSorted((a, b) => a - b);
  const slowest = answered.toSorted((a, b) => b.ms - a.ms).slice(0, 5);
  const at = (share) => events[Math.min(events.length - 1, Math.floor(events.length * share))] ?? null;
  const frames = await page.evaluate(framesPerSecond);
  const memory = await memoryOver(page, Number(minutes));
  return { units: Number(units), under_way: underWayShown, first_contentful_paint_ms: paint, events: events.length, event_p50_ms: at(0.5), event_p98_ms: at(0.98), event_max_ms: events.at(-1) ?? null, slowest, frames_per_s: frames, heap_mib: memory };
}

/** Durations as the browser measures them, from the hand to the next paint. Those under 16 ms are not told. */
function watchEvents() {
  globalThis.answered = [];
  new PerformanceObserver((list) => {
    for (const { name, duration, interactionId, startTime, processingStart, processingEnd } of list.getEntries()) {
      if (interactionId === 0) continue;
      globalThis.answered.push({ name, ms: duration, waited_ms: Math.round(processingStart - startTime), worked_ms: Math.round(processingEnd - processingStart) });
    }
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
