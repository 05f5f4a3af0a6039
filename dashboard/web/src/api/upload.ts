// A file on its way to the API, with how much of it is there: `fetch` tells nothing of that.
import { Failure, failureOf, freshKey, parsed, ROOT } from "./client";
import type { LedgerImport } from "./types";

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
      const given = request.status === 200 ? parsed<LedgerImport>(request.responseText) : null;
      if (given === null) failed(failureOf(request.status, request.responseText));
      else done(given);
    };
    request.send(content);
  });
}
