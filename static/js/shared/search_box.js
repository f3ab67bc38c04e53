// Suggestions while someone types into the header's search box: a combobox with a list, after the ARIA practices.
// Without this the box is a form like any other.

import { singleKeys } from "./single_keys.js";

const WAIT_MS = 120;
const LETTERS_MIN = 1;

export function enlivenSearch() {
  const form = document.querySelector("form[data-site-search]");
  if (form) new SearchBox(form);
  document.addEventListener("keydown", focusOnSlash);
}

class SearchBox {
  constructor(form) {
    this.form = form;
    this.input = form.querySelector("[data-search-input]");
    this.panel = form.querySelector("[data-search-panel]");
    this.list = this.panel.querySelector("[role=listbox]");
    this.status = form.querySelector("[data-search-status]");
    this.template = form.querySelector("[data-search-template]");
    this.active = -1;
    this.asked = "";
    this.timer = 0;
    this.running = null;
    for (const [name, value] of [["role", "combobox"], ["aria-autocomplete", "list"], ["aria-expanded", "false"]]) {
      this.input.setAttribute(name, value);
    }
    this.input.setAttribute("aria-controls", this.list.id);
    this.input.addEventListener("input", () => this.typed());
    this.input.addEventListener("focus", () => this.list.childElementCount && this.show(this.input.value.trim() === this.asked));
    this.input.addEventListener("keydown", (event) => this.key(event));
    form.addEventListener("focusout", (event) => form.contains(event.relatedTarget) || this.show(false));
    form.addEventListener("submit", () => this.show(false));
    this.list.addEventListener("mousedown", (event) => event.preventDefault()); // the focus stays in the box
  }

  get options() {
    return [...this.list.children];
  }

  typed() {
    clearTimeout(this.timer);
    this.running?.abort();
    const text = this.input.value.trim();
    if (text.length < LETTERS_MIN) return this.fill("", []);
    this.timer = setTimeout(() => this.ask(text), WAIT_MS);
    return undefined;
  }

  async ask(text) {
    this.running = new AbortController();
    try {
      const response = await fetch(`${this.form.dataset.url}?q=${encodeURIComponent(text)}`, {
        headers: { Accept: "application/json" },
        signal: this.running.signal,
      });
      if (!response.ok) return this.fill(text, []); // the form still works, and says what is wrong
      const { categories, channels } = await response.json();
      if (this.input.value.trim() === text) this.fill(text, [...channels.map(ofChannel), ...categories.map(ofCategory)]);
    } catch {
      if (!this.running.signal.aborted) this.fill(text, []);
    }
    return undefined;
  }

  fill(text, found) {
    this.asked = text;
    this.list.replaceChildren(...found.map((one, place) => this.option(one, place)));
    this.select(-1);
    this.show(found.length > 0 && this.input === document.activeElement);
    this.status.textContent = text && found.length ? `${found.length} suggestions` : "";
  }

  option(one, place) {
    const option = this.template.content.firstElementChild.cloneNode(true);
    option.id = `${this.list.id}-${place}`;
    option.href = one.path;
    option.querySelector("[data-name]").textContent = one.name;
    option.querySelector("[data-note]").textContent = one.note;
    option.querySelector("[data-live]").hidden = !one.live;
    const picture = option.querySelector("[data-picture]");
    if (one.picture) {
      const image = document.createElement("img");
      image.className = "search-box__picture";
      image.alt = "";
      image.src = one.picture;
      picture.replaceWith(image);
    } else {
      picture.classList.add(`avatar--${tint(one.name)}`);
      picture.textContent = one.name.slice(0, 1);
    }
    return option;
  }

  key(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && this.list.childElementCount) {
      event.preventDefault();
      const count = this.list.childElementCount + 1; // one more place: what was typed
      this.show(true);
      this.select(((this.active + 1 + step + count) % count) - 1);
    } else if (event.key === "Enter" && this.active >= 0) {
      event.preventDefault();
      this.options[this.active].click();
    } else if (event.key === "Escape" && !this.panel.hidden) {
      event.preventDefault();
      this.show(false);
    }
  }

  select(place) {
    this.active = place;
    this.options.forEach((option, at) => option.setAttribute("aria-selected", String(at === place)));
    if (place < 0) this.input.removeAttribute("aria-activedescendant");
    else {
      this.input.setAttribute("aria-activedescendant", this.options[place].id);
      this.options[place].scrollIntoView({ block: "nearest" });
    }
  }

  show(yes) {
    this.panel.hidden = !yes;
    this.input.setAttribute("aria-expanded", String(yes));
    if (!yes) this.select(-1);
  }
}

function ofChannel(channel) {
  const note = channel.is_live ? (channel.category ?? "On air") : `${channel.follower_count.toLocaleString("en-GB")} followers`;
  return { name: channel.display_name, path: channel.path, note, live: channel.is_live };
}

function ofCategory(category) {
  const note = `Category · ${category.viewer_count.toLocaleString("en-GB")} viewers`;
  return { name: category.name, path: category.path, note, live: false, picture: category.art_url };
}

function tint(name) {
  return [...name].reduce((sum, letter) => sum + letter.codePointAt(0), 0) % 8;
}

// "/" leads to the search box from everywhere but where one types; boxes that take it themselves come first.
function focusOnSlash(event) {
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (!singleKeys() || document.querySelector("dialog:modal")) return;
  if (event.target.closest("input, textarea, select, [contenteditable]")) return;
  const input = document.querySelector("[data-search-input]");
  if (!input?.checkVisibility()) return;
  event.preventDefault();
  input.focus();
  input.select();
}
