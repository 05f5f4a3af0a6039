// The outbox of whoever is signed in, and what makes it try again.
import { api } from "../../api/client";
import type { Me } from "../../api/types";
import { Outbox } from "./outbox.svelte";
import { shelf } from "./shelf";

const AGAIN_MS = 10_000;

export const outbox = new Outbox({
  shelf,
  send: ({ key, body, signature }) => api.command(body, { "idempotency-key": key, ...(signature === null ? {} : { "sealway-signature": signature }) }),
});

/** Opens the person's outbox and keeps sending; call what it returns to stop. */
export function keepSending(me: Me): () => void {
  const flush = (): void => {
    if (outbox.waiting.length > 0) outbox.flush().catch((cause: unknown) => console.warn("outbox:", cause));
  };
  outbox.open(me).then(flush, (cause: unknown) => console.warn("outbox:", cause));
  addEventListener("online", flush);
  const timer = setInterval(flush, AGAIN_MS);
  return () => {
    removeEventListener("online", flush);
    clearInterval(timer);
  };
}
