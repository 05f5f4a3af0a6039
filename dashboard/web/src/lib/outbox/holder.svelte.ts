// The outbox of whoever is signed in, and what makes it try again.
import { api } from "../../api/client";
import { send } from "../../api/command";
import type { Me } from "../../api/types";
import { signer } from "../keys/holder.svelte";
import { questionTo } from "../port/question";
import { clock } from "../time/clock.svelte";
import { Outbox } from "./outbox.svelte";
import { shelf } from "./shelf";

const AGAIN_MS = 10_000;
/** While a seal has been asked: whoever stands before it waits for its answer. */
const LOOKS_MS = 2500;

export const outbox = new Outbox({
  shelf,
  send: ({ key, body, signature }) => api.command(body, { "idempotency-key": key, ...(signature === null ? {} : { "sealway-signature": signature }) }),
  askSeal: async (transfer) => {
    const { seal } = await api.transfer(transfer);
    await send(questionTo(seal, clock.read()), signer.person);
  },
});

/** Opens the person's outbox and keeps sending; call what it returns to stop. */
export function keepSending(me: Me): () => void {
  const flush = (): void => {
    if (outbox.waiting.length > 0) outbox.flush().catch((cause: unknown) => console.warn("outbox:", cause));
  };
  outbox.open(me).then(flush, (cause: unknown) => console.warn("outbox:", cause));
  addEventListener("online", flush);
  const timer = setInterval(flush, AGAIN_MS);
  const looks = setInterval(() => outbox.questions.size > 0 && flush(), LOOKS_MS);
  return () => {
    removeEventListener("online", flush);
    clearInterval(timer);
    clearInterval(looks);
  };
}
