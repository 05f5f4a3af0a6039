// A question that only the seal itself can answer, with its own key: proof that it is here, now.
import { freshKey } from "../../api/client";
import type { Command, Time } from "../../api/types";

/** So long a seal has to answer. */
export const ANSWER_MS = 60_000;

export const questionTo = (device: string, now: Time): Command => ({ type: "issue-challenge", device, nonce: freshKey(), not_after: now + ANSWER_MS });
