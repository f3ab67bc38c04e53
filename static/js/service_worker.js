// Shows what is pushed, and opens the page it is about. Nothing is cached here.

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("push", (event) => event.waitUntil(show(event.data)));

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(open(event.notification.data ?? {}));
});

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
