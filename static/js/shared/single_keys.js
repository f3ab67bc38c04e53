// Shortcuts of a single key, which people who speak to their machine must be able to switch off (WCAG 2.2, 2.1.4).

import { recall, remember } from "./storage.js";

const KEY = "single-keys";

export function singleKeys() {
  return recall(KEY) !== "off";
}

export function enlivenShortcuts() {
  const list = document.getElementById("shortcuts");
  if (!list) return;
  const box = list.querySelector("[data-shortcuts-switch]");
  box.checked = singleKeys();
  box.addEventListener("change", () => remember(KEY, box.checked ? null : "off"));
  document.addEventListener("keydown", (event) => {
    if (event.key !== "?" || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (!singleKeys() || isTyping(event.target) || document.querySelector("dialog:modal")) return;
    event.preventDefault();
    list.showModal();
  });
}

function isTyping(target) {
  return target.isContentEditable || (target.matches("input, textarea, select") && !/^(range|checkbox|radio)$/.test(target.type));
}
