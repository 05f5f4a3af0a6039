// How the watch floor bears many units: `node crowd.mjs [UNITS [MINUTES]]`, with SEALWAY_BIN and SEAL_SIM_BIN naming release builds. It prints
// one line of JSON for a browser whose WebGL is drawn by the processor, and one for a browser without WebGL: first paint, how long the page
// takes to answer a hand, the slowest answers, and memory over the minutes.
import { counted, enter, launch, mapIsDrawn, visitor } from "./browser.mjs";
import { crowdOf } from "./crowd_platform.mjs";

const [units = "10000", minutes = "1"] = process.argv.slice(2);
const SETTLE_MS = 5_000;
const MINUTE_MS = 60_000;

const crowd = await crowdOf(Number(units), { onProgress: (connected, placed) => console.error(`${connected} of ${units} seals connected, ${placed} on the map`) });
try {
  for (const webgl of [true, false]) {
    const browser = await launch({ webgl, alone: true });
    try {
      console.log(JSON.stringify({ map: webgl ? "webgl by the processor" : "without webgl", ...(await measured(browser, webgl)) }));
    } finally {
      await browser.close();
    }
  }
} finally {
  await crowd.stop();
}

async function measured(browser, webgl) {
  const { page } = await visitor(browser);
  await page.addInitScript(watchEvents);
  await enter(page, crowd.address, crowd.token);
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
