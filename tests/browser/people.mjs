// What people do apart from the page that a test looks at, by the API: what they command, and how they come by a password.
import { proofOf } from "./enrolment.mjs";
import { SERVER, tokenOf } from "./floor.mjs";

/** What a platform answers to whoever has the token, or to nobody in particular. */
export async function posted(address, token, path, body) {
  const answer = await fetch(`${address}/api/v1${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", "idempotency-key": crypto.randomUUID(), ...(token && { authorization: `Bearer ${token}` }) },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return answer.status === 204 ? null : answer.json();
}

const asked = (path, body, role) => posted(SERVER, role && tokenOf(role), path, body);

/** A new carrier with these seals, and a user of its own who chose the password. */
export async function carrierWith(seals, password) {
  const party = `carrier-${crypto.randomUUID().slice(0, 8)}`;
  await commandAs("admin", { type: "register-party", party, role: "carrier", name_zh: party, name_en: party });
  await Promise.all(seals.map((seal) => enrol(seal, party)));
  await commandAs("admin", { type: "register-user", user: party, party, role: "carrier", name: party });
  await givePassword(party, password);
  return party;
}

/** Enrols a seal with a key of its own for its owner. */
async function enrol(device, owner) {
  const { challenge } = await asked("/devices/enrolment-challenges", { device }, "admin");
  const [public_key, proof] = proofOf(device, challenge);
  await asked("/devices", { device, public_key, challenge, proof, owner }, "admin");
}

/** Sends a command as the person of the role's token. */
export const commandAs = (role, body) => asked("/commands", body, role);

/** Lets the user sign in by this password, which he chooses behind an administrator's link. */
export async function givePassword(user, password) {
  const { link } = await asked(`/users/${user}/account-link`, { reset_second_factor: false }, "admin");
  await asked("/session/account-link", { user, link: link.split(":").at(-1), password });
}

/** A colleague of the role's person, whom the administrator registers and who chose this password; `kind` begins the id. */
export async function colleagueOf(role, kind, password, name = null) {
  const { party } = await (await fetch(`${SERVER}/api/v1/me`, { headers: { authorization: `Bearer ${tokenOf(role)}` } })).json();
  const user = `${kind}-${crypto.randomUUID().slice(0, 8)}`;
  await commandAs("admin", { type: "register-user", user, party, role, name: name ?? user });
  await givePassword(user, password);
  return user;
}

/** Within a session: whoever signed in is named above the page. */
export const inside = (page) => page.getByTestId("who").waitFor();
