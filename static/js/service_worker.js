// Shows what is pushed, and opens the page it is about; says so when there is no network. Of all pages it keeps that one.

const OFFLINE_PAGE = "/offline"; // the same for everybody, and whole in one answer
const KEPT = "offline";

self.addEventListener("install", (event) => {
  self.skipWaiting();
  event.waitUntil(keepOfflinePage());
});
self.addEventListener("activate", (event) => event.waitUntil(begin()));

self.addEventListener("fetch", (event) => {
  const { mode, method, destination } = event.request;
  if (mode === "navigate" && method === "GET" && destination === "document") event.respondWith(pageFor(event));
});

self.addEventListener("push", (event) => event.waitUntil(show(event.data)));

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(open(event.notification.data ?? {}));
});

async function keepOfflinePage() {
  try {
    const cache = await caches.open(KEPT);
    await cache.add(new Request(OFFLINE_PAGE, { credentials: "omit", cache: "reload" }));
  } catch {
    // The browser shows a page of its own then. What is pushed must come all the same.
  }
}

async function begin() {
  await self.clients.claim();
  await self.registration.navigationPreload?.enable(); // pages do not wait until this worker has started
}

async function pageFor(event) {
  try {
    return (await event.preloadResponse) ?? (await fetch(event.request));
  } catch {
    return (await caches.match(OFFLINE_PAGE, { cacheName: KEPT, ignoreVary: true })) ?? Response.error();
  }
}

async function show(data) {
  let news = {};
  try {
    news = data?.json() ?? {};
  } catch {
    // Not ours. Something must be shown all the same: browsers take the right to push from those who show nothing.
  }
  const pages = await pagesOfOurs();
  await self.registration.showNotification(String(news.text ?? "Something happened on a channel you follow"), {
    body: String(news.detail ?? ""),
    tag: String(news.tag ?? "millrace"),
    timestamp: Date.parse(news.created_at) || Date.now(),
    silent: pages.some((page) => page.focused), // the page in front says it as well
    data: { id: news.id, path: news.path },
  });
}

// The tab that shows it already comes to the front; any other is left alone.
async function open({ id, path }) {
  const target = new URL(typeof path === "string" && path.startsWith("/") ? path : "/notifications", self.location.origin);
  if (target.origin !== self.location.origin) return;
  const shown = (await pagesOfOurs()).find((page) => new URL(page.url).pathname === target.pathname);
  if (shown) {
    shown.postMessage({ type: "notification-opened", id });
    await shown.focus();
    return;
  }
  await self.clients.openWindow(Number.isInteger(id) ? `/notifications/${id}` : target.href);
}

function pagesOfOurs() {
  return self.clients.matchAll({ type: "window", includeUncontrolled: true });
}
