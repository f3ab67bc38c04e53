// What every page has: theme, rail, menus, toasts, dialogs, ticking times, password fields, copy buttons, shortcuts, worker.

import { clock } from "./shared/format.js";
import { remember } from "./shared/storage.js";
import { leaveLater, toast } from "./shared/toasts.js";
import { enlivenFollow } from "./shared/follow.js";
import { enlivenShortcuts } from "./shared/single_keys.js";
import { enlivenRecommended } from "./shared/not_interested.js";
import { enlivenSearch } from "./shared/search_box.js";

const root = document.documentElement;
const WORKER_WAIT_MS = 5000; // then everything that one came for is there

function enlivenTheme() {
  const button = document.querySelector("[data-theme-toggle]");
  if (!button) return;
  const show = () => {
    const light = root.dataset.theme === "light";
    button.setAttribute("aria-label", light ? "Use dark theme" : "Use light theme");
    const use = button.querySelector("use");
    use.setAttribute("href", use.getAttribute("href").replace(/#.*/, light ? "#moon" : "#sun"));
  };
  button.addEventListener("click", () => {
    root.dataset.theme = root.dataset.theme === "light" ? "dark" : "light";
    remember("theme", root.dataset.theme);
    show();
  });
  show();
}

function enlivenRail() {
  const button = document.querySelector("[data-rail-toggle]");
  if (!button) return;
  const show = () => {
    const narrow = root.dataset.rail === "narrow";
    button.setAttribute("aria-expanded", String(!narrow));
    button.setAttribute("aria-label", narrow ? "Expand channel list" : "Collapse channel list");
  };
  button.addEventListener("click", () => {
    root.dataset.rail = root.dataset.rail === "narrow" ? "wide" : "narrow";
    remember("rail", root.dataset.rail);
    show();
  });
  show();
}

// On a phone the dashboard's rail lies across the top and is longer than the screen: where one is must be seen.
function showWhereOneIs() {
  const item = document.querySelector(".rail--nav [aria-current]");
  item?.scrollIntoView({ block: "nearest", inline: "center" });
}

function enlivenMenus() {
  const menus = [...document.querySelectorAll("details[data-menu]")];
  document.addEventListener("click", (event) => {
    for (const menu of menus) if (!menu.contains(event.target)) menu.open = false;
  });
  for (const menu of menus) {
    menu.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !menu.open) return;
      menu.open = false;
      menu.querySelector("summary").focus();
    });
    menu.addEventListener("focusout", (event) => {
      if (event.relatedTarget && !menu.contains(event.relatedTarget)) menu.open = false;
    });
  }
}

function enlivenToasts() {
  const shelf = document.querySelector("[data-toasts]");
  if (!shelf) return;
  for (const element of shelf.children) leaveLater(element, element.classList.contains("toast--error") ? "error" : "info");
  shelf.addEventListener("click", (event) => event.target.closest("[data-dismiss]")?.parentElement.remove());
}

// <a href="/confirm" data-dialog="id"> opens the dialog in place; without JavaScript the link's page asks the same.
function enlivenDialogs() {
  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-dialog]");
    const dialog = opener && document.getElementById(opener.dataset.dialog);
    if (!dialog) return;
    event.preventDefault();
    dialog.showModal();
  });
  for (const dialog of document.querySelectorAll("dialog")) {
    dialog.addEventListener("click", (event) => {
      if (event.target === dialog || event.target.closest("[data-close]")) {
        event.preventDefault();
        dialog.close();
      }
    });
  }
}

function tickTimes() {
  const tick = () => {
    for (const element of document.querySelectorAll("time[data-uptime]")) {
      const began = Date.parse(element.dateTime);
      const text = Number.isNaN(began) ? "" : clock((Date.now() - began) / 1000);
      if (element.textContent !== text) element.textContent = text;
    }
  };
  tick();
  setInterval(tick, 1000);
}

function enlivenPasswords() {
  for (const button of document.querySelectorAll("[data-password-toggle]")) {
    button.addEventListener("click", () => {
      const input = button.parentElement.querySelector("input");
      const shown = input.type === "text";
      input.type = shown ? "password" : "text";
      button.setAttribute("aria-pressed", String(!shown));
      const use = button.querySelector("use");
      use.setAttribute("href", use.getAttribute("href").replace(/#.*/, shown ? "#eye" : "#eye-off"));
    });
  }
}

function enlivenCopying() {
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    const input = document.getElementById(button.dataset.copy);
    try {
      await navigator.clipboard.writeText(input.value);
      toast("Copied.", "success");
    } catch {
      // No clipboard without HTTPS: select it, so that Ctrl-C is all that is left to do.
      input.classList.remove("input--masked");
      input.select();
      toast("Press Ctrl-C (or ⌘C) to copy.");
    }
  });
}

// Strangers have none, and no page waits for it.
function enlivenBell() {
  if (document.querySelector("[data-bell]")) import("./shared/bell.js").then(({ startBell }) => startBell());
}

// It says so when there is no network, and shows what is pushed.
function startWorker() {
  const register = () => navigator.serviceWorker.register("/sw.js").catch(() => {});
  if ("serviceWorker" in navigator) setTimeout(register, WORKER_WAIT_MS);
}

for (const enliven of [enlivenTheme, enlivenRail, showWhereOneIs, enlivenMenus, enlivenToasts, enlivenDialogs]) enliven();
for (const enliven of [tickTimes, enlivenPasswords, enlivenCopying, enlivenFollow, enlivenShortcuts, enlivenBell]) enliven();
for (const enliven of [enlivenSearch, enlivenRecommended, startWorker]) enliven();
