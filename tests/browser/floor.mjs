// The demo that the browser tests share. It is real: SEALWAY_URL and SEALWAY_TOKEN_CUSTOMS name one that runs `sealway demo` or its like.
import { enter, PATIENCE_MS, required, until } from "./browser.mjs";

export * from "./browser.mjs";

export const SERVER = required("SEALWAY_URL").replace(/\/$/, "");
export const TOKEN = required("SEALWAY_TOKEN_CUSTOMS");

/** The sign-in token of a role, as the runner found it. */
export const tokenOf = (role) => required(`SEALWAY_TOKEN_${role.toUpperCase()}`);

/** Signs in by the link that the demo prints, and waits for the floor. */
export const signIn = (page, token = TOKEN) => enter(page, SERVER, token);

/** Goes to a page of the interface within the session, and waits until it is there. */
export async function open(page, path, address = SERVER) {
  await page.goto(`${address}${path}`);
  await page.locator("#content").waitFor();
}

/** The demo's frauds take a while: waits until there is an alert. */
export async function waitForAlert(page) {
  await until(page, async () => (await (await fetch("/api/v1/alerts?state=active&limit=1")).json()).items.length > 0, null, { timeout: 4 * PATIENCE_MS });
}
