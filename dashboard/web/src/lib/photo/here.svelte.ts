// Which photos of a transfer are here. Their bytes come after the word that names them, and no event tells of them: while one is missing,
// the page asks again.
import { onMount } from "svelte";
import { api } from "../../api/client";
import { Resource } from "../ui/resource.svelte";

const AGAIN_MS = 10_000;

/** To be called while the page is set up. */
export function photosHere(transfer: () => string): Resource<ReadonlySet<string>> {
  let missing = true;
  const found = new Resource(async () => {
    const photos = await api.photos(transfer());
    missing = photos.some((photo) => !photo.here);
    return new Set(photos.filter((photo) => photo.here).map((photo) => photo.photo));
  });
  onMount(() => {
    void found.load();
    const timer = setInterval(() => missing && void found.load(), AGAIN_MS);
    return () => clearInterval(timer);
  });
  return found;
}
