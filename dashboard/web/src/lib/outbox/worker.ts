// The operator's phone goes on without a network; whoever signs out takes what it kept with them.
import type { Me } from "../../api/types";

const ANSWERS = "answers";

/** Lets the service worker keep the interface and its newest answers, for operators only. */
export async function keepShell(me: Me): Promise<void> {
  if (me.role !== "operator" || !("serviceWorker" in navigator)) return;
  await navigator.serviceWorker.register("/sw.js", { scope: "/" });
}

/** Nothing that one person saw stays for the next one. Decisions that wait stay: they are their person's. */
export async function forgetAnswers(): Promise<void> {
  if ("caches" in globalThis) await caches.delete(ANSWERS);
  const registration = "serviceWorker" in navigator ? await navigator.serviceWorker.getRegistration("/") : undefined;
  await registration?.unregister();
}
