// Debian's Chromium, a page that records what it asks for and what its policy refuses, and what is asked of any page of the interface.
import { setTimeout as pause } from "node:timers/promises";
import axe from "axe-core";
import { chromium } from "playwright-core";

/** How long a platform may take to show what a test waits for. */
export const PATIENCE_MS = 60_000;

const CHROMIUM = process.env.SEALWAY_CHROMIUM ?? "/usr/bin/chromium";
const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--no-first-run",
];
// A machine without a graphics card draws WebGL in software.
const SOFTWARE = "--enable-unsafe-swiftshader";
const DRAWING = ["--use-gl=angle", "--use-angle=swiftshader", SOFTWARE];

/** What the environment has to name. */
export function required(name) {
  const value = process.env[name];
  if (!value) throw new Error(`${name}: not set, expected it from tests/browser/run`);
  return value;
}

/**
 * Tests that look at no map do without one: drawing it in software takes longer than all the rest. `alone`: WebGL alone is drawn as on a
 * graphics card, and the page around it as the browser does by itself without one. `camera`: the film that a camera shows.
 */
export function launch({ webgl = true, alone = false, camera = null } = {}) {
  const drawing = webgl ? (alone ? [SOFTWARE] : DRAWING) : ["--disable-gpu", "--disable-3d-apis"];
  const filming = camera === null ? [] : ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream", `--use-file-for-fake-video-capture=${camera}`];
  return chromium.launch({ executablePath: CHROMIUM, args: [...FLAGS, ...drawing, ...filming] });
}

/**
 * A fresh visitor. `log` holds the addresses asked for, the policy's violations and the page's own errors; a page that left the host or broke
 * the policy fails its test when it closes. Without `worker` every question of the page is one that the test can hold up: what a service
 * worker asks is not.
 */
export async function visitor(browser, { width = 1440, height = 900, language = "en", theme = "light", worker = true } = {}) {
  const context = await browser.newContext({
    viewport: { width, height },
    locale: language === "zh" ? "zh-CN" : "en-GB",
    colorScheme: theme,
    serviceWorkers: worker ? "allow" : "block",
  });
  const page = await context.newPage();
  const log = { requests: [], violations: [], errors: [] };
  context.on("request", (request) => log.requests.push(request.url()));
  page.on("pageerror", (error) => log.errors.push(error.message));
  page.on("console", (message) => {
    if (/content security policy/i.test(message.text())) log.violations.push(message.text());
  });
  await page.addInitScript(() => {
    globalThis.policyViolations = [];
    addEventListener("securitypolicyviolation", (event) =>
      globalThis.policyViolations.push(`${event.violatedDirective} ${event.blockedURI}`),
    );
  });
  page.setDefaultTimeout(PATIENCE_MS);
  const close = async () => {
    await context.close();
    const gone = [...log.requests.filter(leavesTheHost), ...log.violations];
    if (gone.length > 0) throw new Error(`not within the host and its policy: ${gone.join(", ")}`);
  };
  return { page, log, close };
}

/** Whether a question goes to another machine; what a page makes itself (blob:, data:) stays. */
export const leavesTheHost = (url) => /^(https?|wss?):/.test(url) && new URL(url).hostname !== "127.0.0.1";

/** Signs in by a link as the platform prints it, and waits for the floor. */
export async function enter(page, address, token) {
  const answer = await page.goto(`${address}/login#${token}`);
  await page.getByTestId("floor").waitFor();
  return answer;
}

export async function mapIsDrawn(page) {
  await page.locator(".maplibregl-canvas").waitFor();
  await page.locator(".map .wait").waitFor({ state: "detached" });
}

/** The number that a counter shows. */
export async function counted(page, name) {
  const text = await page.getByTestId(`counter-${name}`).locator(".count").innerText();
  return Number(text.replace(/\D/g, ""));
}

const ASK_AGAIN_MS = 500;
const LOOK_AGAIN_MS = 100;

/**
 * What a question to the page gives once it gives something. For questions that themselves wait for an answer: `waitForFunction` takes the
 * promise of one for a yes.
 */
export async function until(page, question, given, { timeout = PATIENCE_MS } = {}) {
  const end = Date.now() + timeout;
  for (;;) {
    const answer = await page.evaluate(question, given);
    if (answer) return answer;
    if (Date.now() > end) throw new Error(`not within ${timeout} ms: ${question}`);
    await page.waitForTimeout(ASK_AGAIN_MS);
  }
}

/** Waits until a question of the test's own is answered by a yes. */
export async function eventually(what, ask, { timeout = PATIENCE_MS } = {}) {
  for (const end = Date.now() + timeout; Date.now() < end; await pause(LOOK_AGAIN_MS)) if (await ask()) return;
  throw new Error(`not within ${timeout} ms: ${what}`);
}

/** From now on the page gets the first answer to each such question again and again, as from a platform whose views are late. */
export async function lateViews(page, pattern) {
  const first = new Map();
  await page.route(pattern, async (route) => {
    const url = route.request().url();
    if (!first.has(url)) first.set(url, route.fetch().then(async (answer) => ({ headers: answer.headers(), status: answer.status(), body: await answer.body() })));
    await route.fulfill(await first.get(url));
  });
}

/** Sends a command as the page's person, and gives the receipt. */
export async function command(page, body) {
  const { ok, answer } = await page.evaluate(async (sent) => {
    const headers = { "content-type": "application/json", "idempotency-key": crypto.randomUUID() };
    const response = await fetch("/api/v1/commands", { method: "POST", headers, body: JSON.stringify(sent) });
    return { ok: response.ok, answer: await response.json() };
  }, body);
  if (!ok) throw new Error(`${body.type}: ${answer.code}: ${answer.detail}`);
  return answer;
}

const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/** What axe finds on the page as it is, which has no frames. A document is given axe once. */
export async function findings(page) {
  if (!(await page.evaluate(() => "axe" in globalThis))) await page.evaluate(axe.source);
  return page.evaluate(async (values) => {
    const { violations } = await globalThis.axe.run(document, { runOnly: { type: "tag", values }, resultTypes: ["violations"] });
    return violations.flatMap((rule) => rule.nodes.map((node) => `${rule.id}: ${node.target.join(" ")} ${node.any.map((check) => check.message).join("; ")}`));
  }, RULES);
}
