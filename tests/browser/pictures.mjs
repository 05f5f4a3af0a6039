// The pictures of README, taken of a demonstration: `tests/browser/run pictures.mjs`.
import { stat } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { launch, mapIsDrawn, open, PATIENCE_MS, signIn, tokenOf, until, visitor, waitForAlert } from "./floor.mjs";

const FOLDER = new URL("../../dashboard/screens/", import.meta.url);
const LARGEST_BYTES = 300_000;
/** When most seals are under way and the first frauds are found. */
const UNDER_WAY = 40;

const browser = await launch();
try {
  await watchFloor();
  await transfer();
  await phone();
} finally {
  await browser.close();
}

async function watchFloor() {
  const { page, close } = await visitor(browser, { width: 1280, height: 800 });
  await signIn(page);
  await waitForAlert(page);
  await until(page, async (many) => (await (await fetch("/api/v1/transfers?state=in-transit&limit=500")).json()).items.length >= many, UNDER_WAY, { timeout: 4 * PATIENCE_MS });
  await mapIsDrawn(page);
  await page.getByRole("button", { name: "Not now" }).click();
  await take(page, "live.png");
  await close();
}

/** One with an alert, played again, every step proved. */
async function transfer() {
  const { page, close } = await visitor(browser);
  await signIn(page);
  const id = await until(page, async () => (await (await fetch("/api/v1/transfers?state=in-transit&limit=500")).json()).items.find((row) => row.open_alerts > 0)?.id, null, { timeout: 4 * PATIENCE_MS });
  await open(page, `/transfers/${id}`);
  await page.getByTestId("curves").locator(".uplot").nth(2).waitFor();
  await mapIsDrawn(page);
  await page.getByTestId("verify-now").click();
  await page.getByTestId("proofs").waitFor();
  await page.mouse.move(0, 0);
  await take(page, "transfer.png");
  await close();
}

/** A unit that is due: what stands on it is read, and the phone says go or hold. */
async function phone() {
  const { page, close } = await visitor(browser, { width: 390, height: 844, language: "zh" });
  await signIn(page, tokenOf("operator"));
  const { id, unit, seal } = await until(page, async () => (await (await fetch("/api/v1/transfers?state=in-transit&limit=500")).json()).items.find((row) => row.destination === "depot-xian-port-station"), null, { timeout: 4 * PATIENCE_MS });
  await open(page, `/port/${id}`);
  await page.getByTestId("read-unit").fill(unit);
  await page.getByTestId("read-seal").fill(seal);
  await page.getByTestId("match").waitFor();
  await take(page, "phone.png");
  await close();
}

async function take(page, name) {
  const path = fileURLToPath(new URL(name, FOLDER));
  await page.screenshot({ path });
  const { size } = await stat(path);
  if (size > LARGEST_BYTES) throw new Error(`${name}: ${size} bytes, expected at most ${LARGEST_BYTES}`);
}
