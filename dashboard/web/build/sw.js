// The operator's service worker: the interface and the newest answers of some questions, for when there is no network. It never answers a
// question that the server answers, and it keeps nothing of what is sent.
const VERSION = "__VERSION__";
const SHELL = "__SHELL__";
const SHELL_CACHE = `shell-${VERSION}`;
const ANSWERS = "answers";
/** A network that does not answer is as good as none. */
const PATIENCE_MS = 8000;
const KEPT = [/^\/api\/v1\/(me|parties|users|places|corridors|devices|transfers|alerts)$/, /^\/api\/v1\/records\/(terminal|gate|cargo|signing-key)$/, /^\/api\/v1\/transfers\/[^/]+$/];

self.addEventListener("install", (event) => {
  event.waitUntil(
    caches
      .open(SHELL_CACHE)
      .then((cache) => cache.addAll(SHELL))
      .then(() => self.skipWaiting()),
  );
});

self.addEventListener("activate", (event) => {
  event.waitUntil(
    caches
      .keys()
      .then((names) => Promise.all(names.filter((name) => name.startsWith("shell-") && name !== SHELL_CACHE).map((name) => caches.delete(name))))
      .then(() => self.clients.claim()),
  );
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== self.location.origin) return;
  if (request.mode === "navigate") event.respondWith(page(request));
  else if (url.pathname.startsWith("/assets/")) event.respondWith(file(request));
  else if (KEPT.some((kept) => kept.test(url.pathname))) event.respondWith(answer(event, request));
});

async function page(request) {
  try {
    return await patient(request);
  } catch (cause) {
    const kept = await caches.match("/", { cacheName: SHELL_CACHE });
    if (kept) return kept;
    throw cause;
  }
}

/** The names of files have the hash of their content: what is kept is right. */
async function file(request) {
  return (await caches.match(request, { cacheName: SHELL_CACHE })) ?? fetch(request);
}

async function answer(event, request) {
  try {
    const fresh = await patient(request);
    if (fresh.ok) event.waitUntil(keep(request, fresh.clone()));
    return fresh;
  } catch (cause) {
    const kept = await caches.match(request, { cacheName: ANSWERS, ignoreVary: true });
    if (kept) return kept;
    throw cause;
  }
}

/** With the time at which the server said it instead of its `Date`: an old answer must not set the page's clock. */
async function keep(request, fresh) {
  const said = Date.parse(fresh.headers.get("date") ?? "");
  const headers = { "content-type": fresh.headers.get("content-type") ?? "application/json", "sealway-kept": String(Number.isNaN(said) ? Date.now() : said) };
  const body = await fresh.arrayBuffer();
  const cache = await caches.open(ANSWERS);
  await cache.put(request, new Response(body, { headers }));
}

function patient(request) {
  return fetch(request, { signal: AbortSignal.timeout(PATIENCE_MS) });
}
