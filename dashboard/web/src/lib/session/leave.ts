// Signing out: the session, and what this browser kept for its person.
import { accountApi } from "../../api/account";
import { forgetAnswers } from "../outbox/worker";
import { dropDrafts } from "./draft";
import { route } from "./route.svelte";

/** A session that the server no longer knows is as good as ended. */
export async function signOut(): Promise<void> {
  await accountApi.signOut().catch((cause: unknown) => console.warn("sign out:", cause));
  await leave();
}

/** After the session's end. */
export async function leave(): Promise<void> {
  dropDrafts();
  await forgetAnswers().catch((cause: unknown) => console.warn("service worker:", cause));
  route.go("/login", true);
}
