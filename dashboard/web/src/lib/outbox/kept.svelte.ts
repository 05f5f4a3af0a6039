// Whether answers come from the server or from what the service worker kept of it.
import type { Time } from "../../api/types";

let keptAt = $state<Time | null>(null);

export const answers = {
  /** When the oldest shown answer was the server's; nothing while answers come from the server. */
  get keptAt(): Time | null {
    return keptAt;
  },
  heard(headers: Headers): void {
    const kept = headers.get("sealway-kept");
    keptAt = kept === null ? null : Math.min(Number(kept), keptAt ?? Number.POSITIVE_INFINITY);
  },
};
