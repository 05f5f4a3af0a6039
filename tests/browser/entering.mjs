// Signing in as people do: an administrator's link, a password, the form.
import { open, SERVER, signIn, tokenOf, visitor } from "./floor.mjs";

/** The administrator makes a link for a user. */
export async function linkFor(browser, user) {
  const { page, close } = await visitor(browser);
  await signIn(page, tokenOf("admin"));
  await open(page, "/account");
  const panel = page.getByTestId("link-panel");
  await panel.getByLabel("User").fill(user);
  await panel.getByRole("button", { name: "Make the link" }).click();
  const link = await panel.getByTestId("account-link").inputValue();
  await close();
  return link;
}

/** Fills in the page behind a link and sends it. */
export async function choosePassword(page, link, password) {
  await page.goto(link);
  const fields = page.locator("input[type=password]");
  await fields.nth(1).waitFor();
  await fields.nth(0).fill(password);
  await fields.nth(1).fill(password);
  await page.locator("button[type=submit]").click();
}

/** Fills in the sign-in form and sends it. */
export async function enter(page, user, password) {
  await page.goto(`${SERVER}/login`);
  await page.locator("input[autocomplete=username]").fill(user);
  await page.locator("input[autocomplete=current-password]").fill(password);
  await page.locator("button[type=submit]").first().click();
}

/** Who a role's token signs in. */
export async function userOf(role) {
  const answer = await fetch(`${SERVER}/api/v1/me`, { headers: { authorization: `Bearer ${tokenOf(role)}` } });
  return (await answer.json()).user;
}
