// The emote picker: opens above where one writes. Arrow keys walk the pictures, letters search, Enter takes one.

import { pictureElement } from "./emote_view.js";

const SIDE = 28;
const GAP_PX = 8;

export class EmotePicker {
  constructor(root, emotes, insert) {
    this.emotes = emotes;
    this.insert = insert;
    this.field = root.querySelector("[data-form]");
    this.button = root.querySelector("[data-emotes-open]");
    this.panel = root.querySelector("[data-emotes-panel]");
    this.search = root.querySelector("[data-emotes-search]");
    this.list = root.querySelector("[data-emotes-list]");
    this.empty = root.querySelector("[data-emotes-empty]");
    this.search.addEventListener("input", () => this.show());
    this.panel.addEventListener("keydown", (event) => this.onKey(event));
    this.panel.addEventListener("beforetoggle", (event) => event.newState === "open" && this.onOpen());
    this.panel.addEventListener("toggle", (event) => this.onToggle(event.newState === "open"));
    this.list.addEventListener("click", (event) => {
      const choice = event.target.closest("[data-code]");
      if (choice) this.take(choice.dataset.code);
    });
  }

  onOpen() {
    const box = this.field.getBoundingClientRect();
    this.panel.style.left = `${Math.max(GAP_PX, box.left)}px`;
    this.panel.style.width = `${Math.min(box.width, window.innerWidth - 2 * GAP_PX)}px`;
    this.panel.style.bottom = `${window.innerHeight - box.top + GAP_PX}px`;
    this.search.value = "";
    this.list.replaceChildren();
    this.load();
  }

  onToggle(open) {
    this.button.setAttribute("aria-expanded", String(open));
    if (open && matchMedia("(pointer: fine)").matches) this.search.focus(); // on phones it would call the keyboard up
    else if (!open && this.panel.contains(document.activeElement)) this.button.focus();
  }

  async load() {
    this.say("Loading…");
    try {
      await this.emotes.read();
      this.show();
    } catch (error) {
      this.say(error.message);
    }
  }

  show() {
    const part = this.search.value.trim().toLowerCase();
    const { channel, common } = this.emotes.table;
    const recent = this.emotes.recent().map((code) => ({ code, id: this.emotes.codes.get(code) }));
    const wanted = ({ code }) => code.toLowerCase().includes(part);
    const groups = [
      ["Used lately", part ? [] : recent],
      ["This channel", channel.filter(wanted)],
      ["Everywhere", common.filter(wanted)],
    ].filter(([, emotes]) => emotes.length);
    this.list.replaceChildren(...groups.map(([title, emotes]) => this.group(title, emotes)));
    const choices = this.choices();
    if (choices.length) choices[0].tabIndex = 0;
    if (groups.length) this.say("");
    else this.say(this.emotes.codes.size ? "No emote is called that." : "There are no emotes here yet.");
  }

  group(title, emotes) {
    const section = document.createElement("section");
    const heading = document.createElement("h4");
    heading.className = "chat__emotes-title";
    heading.textContent = title;
    const grid = document.createElement("div");
    grid.className = "chat__emotes-grid";
    grid.append(...emotes.map((emote) => this.choice(emote)));
    section.append(heading, grid);
    return section;
  }

  choice({ code, id }) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "chat__emotes-choice";
    button.dataset.code = code;
    button.title = code;
    button.tabIndex = -1; // one stop for Tab, arrows inside
    const image = pictureElement(id, code, SIDE);
    image.loading = "lazy";
    button.append(image);
    return button;
  }

  take(code) {
    this.insert(code);
    if (matchMedia("(pointer: fine)").matches) this.panel.hidePopover();
  }

  onKey(event) {
    event.stopPropagation(); // letters typed here are not the player's shortcuts
    if (event.key === "Enter" && event.target === this.search) {
      event.preventDefault();
      if (this.search.value.trim() && this.choices().length) this.take(this.choices()[0].dataset.code);
      return;
    }
    const inSearch = event.target === this.search;
    if (inSearch && event.key !== "ArrowDown") return;
    const choices = this.choices();
    const at = choices.indexOf(document.activeElement);
    const next = inSearch ? choices[0] : this.neighbour(event.key, choices, at);
    if (next === undefined) return;
    event.preventDefault();
    (next ?? this.search).focus();
  }

  // null: up and out; undefined: this key goes nowhere.
  neighbour(key, choices, at) {
    const step = { ArrowLeft: -1, ArrowRight: 1, Home: -at, End: choices.length - 1 - at }[key];
    if (step !== undefined) return choices[at + step];
    if (key !== "ArrowUp" && key !== "ArrowDown") return undefined;
    const box = choices[at].getBoundingClientRect();
    const rows = choices
      .map((choice) => ({ choice, place: choice.getBoundingClientRect() }))
      .filter(({ place }) => (key === "ArrowUp" ? place.top < box.top - 1 : place.top > box.top + 1));
    if (!rows.length) return key === "ArrowUp" ? null : undefined;
    const row = key === "ArrowUp" ? Math.max(...rows.map(({ place }) => place.top)) : Math.min(...rows.map(({ place }) => place.top));
    const inRow = rows.filter(({ place }) => Math.abs(place.top - row) < 1);
    return inRow.sort((one, other) => Math.abs(one.place.left - box.left) - Math.abs(other.place.left - box.left))[0].choice;
  }

  choices() {
    return [...this.list.querySelectorAll("[data-code]")];
  }

  say(text) {
    this.empty.textContent = text;
    this.empty.hidden = !text;
  }
}
