// Keeps the page's files for use without a network. `FILES`, the integrity of each by its path, and `VERSION`, which changes with
// them, are written before this by the build.

const SCOPE = new URL("./", self.location).href;
const PREFIX = `photo-check ${SCOPE} `;
const NAME = PREFIX + VERSION;
/** These come with the first photo that is checked, in the variant that the browser can run. */
const isLarge = (path) => path.startsWith("lib/") || path.startsWith("models/");

self.addEventListener("install", (event) => event.waitUntil(keepSmallFiles()));

// No skipWaiting: an open page goes on with the files it began with.
self.addEventListener("activate", (event) => event.waitUntil(forgetOthers().then(() => self.clients.claim())));

self.addEventListener("fetch", (event) => {
  const path = pathOf(event.request.url);
  if (event.request.method === "GET" && path in FILES) event.respondWith(answer(path));
});

function pathOf(address) {
  const { origin, pathname } = new URL(address);
  const url = origin + pathname;
  if (!url.startsWith(SCOPE)) return null;
  return decodeURIComponent(url.slice(SCOPE.length)) || "index.html";
}

async function keepSmallFiles() {
  const cache = await caches.open(NAME);
  await Promise.all(Object.keys(FILES).filter((path) => !isLarge(path)).map((path) => fetched(cache, path)));
}

async function answer(path) {
  const cache = await caches.open(NAME);
  return (await cache.match(SCOPE + path)) ?? fetched(cache, path);
}

/** From the network, and kept if it is what the build wrote. */
async function fetched(cache, path) {
  const response = await fetch(SCOPE + path, { integrity: FILES[path], cache: "no-cache", credentials: "omit" });
  if (!response.ok) return response;
  // Browsers refuse a page whose answer came by a redirection, such as from index.html to its folder.
  const { status, headers } = response;
  const own = response.redirected ? new Response(response.body, { status, headers }) : response;
  await cache.put(SCOPE + path, own.clone());
  return own;
}

async function forgetOthers() {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name.startsWith(PREFIX) && name !== NAME).map((name) => caches.delete(name)));
}
