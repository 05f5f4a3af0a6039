// What people do apart from the page that a test looks at, by the API: what they command, and how they come by a password.
import { SERVER, tokenOf } from "./floor.mjs";

async function asked(path, body, role) {
  const answer = await fetch(`${SERVER}/api/v1${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", "idempotency-key": crypto.randomUUID(), ...(role && { authorization: `Bearer ${tokenOf(role)}` }) },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return answer.status === 204 ? null : answer.json();
}

/** Sends a command as the person of the role's token. */
export const commandAs = (role, body) => asked("/commands", body, role);

/** Lets the user sign in by this password, which he chooses behind an administrator's link. */
export async function givePassword(user, password) {
  const { link } = await asked(`/users/${user}/account-link`, { reset_second_factor: false }, "admin");
  await asked("/session/account-link", { user, link: link.split(":").at(-1), password });
}

/** Within a session: whoever signed in is named above the page. */
export const inside = (page) => page.getByTestId("who").waitFor();
