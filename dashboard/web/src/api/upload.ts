// A file on its way to the API, with how much of it is there: `fetch` tells nothing of that.
import { Failure, failureOf, freshKey, parsed, ROOT } from "./client";
import type { LedgerImport } from "./types";

export interface LedgerFile {
  enterprise: string;
  reference: string;
  kind: string;
  content: Blob;
}

/** The share of a file that has left, 0 to 1. */
export type Sent = (share: number) => void;

interface Upload {
  method: "POST" | "PUT";
  /** Under the API's root. */
  path: string;
  kind: string;
  content: Blob;
}

/** The answer's text. */
function upload({ method, path, kind, content }: Upload, sent: Sent): Promise<string> {
  return new Promise((done, failed) => {
    const request = new XMLHttpRequest();
    request.open(method, ROOT + path);
    request.setRequestHeader("accept", "application/json");
    request.setRequestHeader("content-type", kind);
    request.setRequestHeader("idempotency-key", freshKey());
    request.upload.onprogress = (event) => sent(event.lengthComputable && event.total > 0 ? event.loaded / event.total : 0);
    request.upload.onload = () => sent(1);
    request.onerror = () => failed(new Failure("unreachable", 0, ""));
    request.onload = () => (request.status >= 200 && request.status < 300 ? done(request.responseText) : failed(failureOf(request.status, request.responseText)));
    request.send(content);
  });
}

/** What became of each line. */
export async function importLedger({ enterprise, reference, kind, content }: LedgerFile, sent: Sent): Promise<LedgerImport> {
  const path = `/ledger/imports?enterprise=${encodeURIComponent(enterprise)}&reference=${encodeURIComponent(reference)}`;
  const answer = await upload({ method: "POST", path, kind, content }, sent);
  const found = parsed<LedgerImport>(answer);
  if (found === null) throw failureOf(200, answer);
  return found;
}

/** A photo that an incident of the transfer named by `hash`. */
export async function bringPhoto(transfer: string, { hash, content }: { hash: string; content: Blob }, sent: Sent): Promise<void> {
  await upload({ method: "PUT", path: `/transfers/${encodeURIComponent(transfer)}/photos/${hash}`, kind: content.type, content }, sent);
}
