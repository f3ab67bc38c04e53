// The bell in the header: how many are unread, the latest of them, and a word when one comes.

import { callApi } from "./api.js";
import { markRowRead, notificationRow } from "./notification_row.js";
import { NotificationFeed } from "./notification_feed.js";
import { keepPushFresh } from "./push.js";
import { toast } from "./toasts.js";

const ROWS = 8;
const SHOWN_MAX = 99;
const SPREAD_MS = 5000; // after an outage all pages ask: not in the same second

export function startBell() {
  new Bell(document.querySelector("[data-bell]")).start();
}

class Bell {
  constructor(root) {
    this.root = root;
    this.badge = root.querySelector("[data-bell-badge]");
    this.list = root.querySelector("[data-bell-list]");
    this.note = root.querySelector("[data-bell-note]");
    this.readAll = root.querySelector("[data-bell-read-all]");
    this.says = document.querySelector("[data-bell-says]");
    this.icons = root.querySelector("[data-icons]").dataset.icons;
    this.unread = Number(root.dataset.unread);
  }

  start() {
    this.root.addEventListener("toggle", () => this.root.open && this.load());
    this.readAll.addEventListener("click", () => this.markAll());
    this.show(this.unread);
    const feed = new NotificationFeed();
    feed.addEventListener("unread", ({ detail }) => this.show(detail.unread));
    feed.addEventListener("notification", ({ detail }) => this.add(detail));
    feed.addEventListener("missed", () => setTimeout(() => this.count(), Math.random() * SPREAD_MS));
    feed.start();
    navigator.serviceWorker?.addEventListener("message", ({ data }) => {
      if (data?.type === "notification-opened" && data.id) this.markRead(data.id);
    });
    keepPushFresh().catch(() => {});
  }

  show(unread) {
    this.unread = unread;
    this.badge.hidden = unread === 0;
    this.badge.textContent = unread > SHOWN_MAX ? `${SHOWN_MAX}+` : String(unread);
    this.root.querySelector("summary").setAttribute("aria-label", unread ? `Notifications, ${unread} unread` : "Notifications");
    this.readAll.hidden = unread === 0;
  }

  add(one) {
    this.show(this.unread + 1);
    this.says.textContent = one.detail ? `${one.text}: ${one.detail}` : one.text;
    if (!document.hidden && location.pathname !== one.path) toast(this.says.textContent);
    if (this.root.open) this.load();
    document.dispatchEvent(new CustomEvent("millrace:notification", { detail: one }));
  }

  async count() {
    try {
      this.show((await callApi("GET", "/api/v1/notifications?limit=1")).unread);
    } catch {
      // The next word from the socket brings it.
    }
  }

  async load() {
    if (!this.list.children.length) this.note.textContent = "Loading …";
    try {
      const { results, unread } = await callApi("GET", `/api/v1/notifications?limit=${ROWS}`);
      this.show(unread);
      this.list.replaceChildren(...results.map((one) => notificationRow(one, this.icons)));
      this.note.textContent = results.length ? "" : "Nothing yet. When a channel you follow goes live, you read it here.";
    } catch (error) {
      this.note.textContent = error.message;
    }
  }

  async markAll() {
    try {
      await callApi("POST", "/api/v1/notifications/read", {});
      this.show(0);
      for (const row of this.list.children) markRowRead(row);
      this.root.querySelector("summary").focus();
    } catch (error) {
      toast(error.message, "error");
    }
  }

  async markRead(id) {
    try {
      await callApi("POST", "/api/v1/notifications/read", { id });
    } catch {
      // It stays unread, which is no harm.
    }
  }
}
