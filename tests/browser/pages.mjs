// The pages of every role as the interface itself lists them, with those behind a row.
import { PATIENCE_MS, until } from "./floor.mjs";

export const ROLES = ["customs", "carrier", "operator", "auditor", "admin"];

/** Addresses of the navigation of whoever is signed in, and of the pages about one thing that he may open; the page is at the floor. */
export async function pagesOf(page, role) {
  const listed = await page.getByRole("navigation").getByRole("link").evaluateAll((links) => links.map((link) => new URL(link.href).pathname));
  const { alert, transfer } = await until(page, async () => {
    const first = async (path) => (await (await fetch(`/api/v1${path}`)).json()).items?.[0]?.id;
    const found = { alert: await first("/alerts?limit=1"), transfer: await first("/transfers?limit=1") };
    return found.alert !== undefined && found.transfer !== undefined && found;
  }, null, { timeout: 4 * PATIENCE_MS });
  const behind = [`/alerts/${alert}`, `/transfers/${transfer}`, `/transfers/${transfer}/report`, "/account"];
  if (role === "carrier") behind.push(`/fleet/${transfer}`);
  if (role === "operator") behind.push(`/port/${transfer}`);
  if (["customs", "carrier", "operator"].includes(role)) behind.push("/ledger-imports");
  return [...listed, ...behind];
}

/** The page that an address is one of: what stands for one thing left out. */
export const patternOf = (path) => path.replace(/^\/(alerts|transfers|fleet|port)\/[^/]+/, "/$1/:id");

/** Goes to an address within the document, as a link does. */
export async function goWithin(page, path) {
  await page.evaluate((next) => {
    history.pushState(null, "", next);
    dispatchEvent(new PopStateEvent("popstate"));
  }, path);
}

/** Waits until nothing on the page says that it is loading. */
export async function settled(page) {
  await page.waitForFunction(() => document.querySelector("#content, main.alone") !== null && document.querySelector("[aria-busy=true]") === null);
}
