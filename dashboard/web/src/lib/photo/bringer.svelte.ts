// Photos on their way, one after the other. What does not arrive stays here, to be tried again.
import { Failure } from "../../api/client";
import { bringPhoto } from "../../api/upload";
import type { Photo } from "./photo";

export class Bringer {
  waiting = $state.raw<readonly Photo[]>([]);
  /** Of the one that is on its way; nothing while none is. */
  share = $state<number | null>(null);
  failure = $state.raw<Failure | null>(null);

  /** Whether all of them arrived. */
  async bring(transfer: string, photos: readonly Photo[] = this.waiting): Promise<boolean> {
    if (this.share !== null) return false;
    this.waiting = photos;
    this.failure = null;
    try {
      for (const photo of photos) {
        this.share = 0;
        await bringPhoto(transfer, photo, (sent) => (this.share = sent));
        this.waiting = this.waiting.filter((waiting) => waiting !== photo);
      }
      return true;
    } catch (cause) {
      this.failure = cause instanceof Failure ? cause : new Failure("internal", 0, String(cause));
      return false;
    } finally {
      this.share = null;
    }
  }
}
