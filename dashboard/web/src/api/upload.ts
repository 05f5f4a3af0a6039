// A file on its way to the API, with how much of it is there: `fetch` tells nothing of that.
import { Failure, freshKey, ROOT } from "./client";
import type { LedgerImport, Problem } from "./types";

export interface LedgerFile {
  enterprise: string;
  reference: string;
  kind: string;
  content: Blob;
}

/** What became of each line. `sent`: the share of the file that has left, 0 to 1. */
export function importLedger({ enterprise, reference, kind, content }: LedgerFile, sent: (share: number) => void): Promise<LedgerImport> {
  return new Promise((done, failed) => {
    const request = new XMLHttpRequest();
    request.open("POST", `${ROOT}/ledger/imports?enterprise=${encodeURIComponent(enterprise)}&reference=${encodeURIComponent(reference)}`);
    request.setRequestHeader("accept", "application/json");
    request.setRequestHeader("content-type", kind);
    request.setRequestHeader("idempotency-key", freshKey());
    request.upload.onprogress = (event) => sent(event.lengthComputable && event.total > 0 ? event.loaded / event.total : 0);
    request.upload.onload = () => sent(1);
    request.onerror = () => failed(new Failure("unreachable", 0, ""));
    request.onload = () => {
      const answer = answerOf(request.responseText);
      if (request.status === 200 && answer !== null) done(answer as unknown as LedgerImport);
      else failed(failureOf(request.status, answer));
    };
    request.send(content);
  });
}

function answerOf(text: string): Record<string, unknown> | null {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return null;
  }
}

function failureOf(status: number, answer: Partial<Problem> | null): Failure {
  return new Failure(answer?.code ?? `http-${status}`, status, answer?.detail ?? "");
}
