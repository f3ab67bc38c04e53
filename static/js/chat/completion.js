// Suggestions for the word one is writing. Sources say which words are theirs:
// { trigger: "@", find(beginning) -> Promise<[{ label, text, picture? }]> }; `text` takes the word's place. With `first`
// only where a message begins, with `least` only after so many letters. `complete(word)` answers Tab at a word without a
// trigger, at once.

import { pictureElement } from "./emote_view.js";

const SHOWN = 8;

export class Completion {
  constructor(root, input, sources) {
    this.list = root.querySelector("[data-completion]");
    this.input = input;
    this.sources = sources;
    this.found = [];
    this.at = 0;
    input.addEventListener("input", () => this.look());
    input.addEventListener("blur", () => this.close());
    // Before the composer, which would send at Enter.
    input.addEventListener("keydown", (event) => this.onKey(event), { capture: true });
    this.list.addEventListener("pointerdown", (event) => {
      event.preventDefault(); // the field keeps the focus
      const option = event.target.closest("[role=option]");
      if (option) this.choose(Number(option.dataset.at));
    });
  }

  word() {
    const before = this.input.value.slice(0, this.input.selectionStart);
    const word = /\S*$/u.exec(before)[0];
    return { word, start: before.length - word.length };
  }

  async look() {
    const { word, start } = this.word();
    const source = this.sources.find(
      ({ trigger, first, least = 1 }) => word.startsWith(trigger) && word.length >= trigger.length + least && !(first && start),
    );
    const asked = (this.asked = {});
    const found = source ? await source.find(word.slice(source.trigger.length).toLowerCase()).catch(() => []) : [];
    if (asked !== this.asked) return; // something else is written by now
    this.complete = found.some(({ text }) => text === word.toLowerCase());
    this.show(found.slice(0, SHOWN));
  }

  show(found) {
    this.found = found;
    this.at = 0;
    this.list.replaceChildren(...found.map((one, at) => this.option(one, at)));
    this.list.hidden = !found.length;
    this.mark();
  }

  option(one, at) {
    const option = document.createElement("div");
    option.className = "chat__option";
    option.id = `${this.list.id}-${at}`;
    option.setAttribute("role", "option");
    option.dataset.at = at;
    option.dir = "auto";
    option.textContent = one.label;
    if (one.picture) option.prepend(pictureElement(one.picture, "", 28));
    return option;
  }

  mark() {
    for (const option of this.list.children) option.setAttribute("aria-selected", String(Number(option.dataset.at) === this.at));
    if (this.found.length) this.input.setAttribute("aria-activedescendant", `${this.list.id}-${this.at}`);
    else this.input.removeAttribute("aria-activedescendant");
  }

  onKey(event) {
    if (event.key === "Tab" && !event.shiftKey && !this.found.length) this.completeWord(event);
    if (!this.found.length || event.isComposing || event.defaultPrevented) return;
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (step) {
      this.at = (this.at + step + this.found.length) % this.found.length;
      this.mark();
    } else if (event.key === "Tab" || (event.key === "Enter" && !this.complete)) {
      this.choose(this.at);
    } else if (event.key === "Escape") {
      this.close();
    } else {
      return;
    }
    event.preventDefault();
    event.stopImmediatePropagation();
  }

  // Tab moves on from the field unless there is a word to complete.
  completeWord(event) {
    const { word } = this.word();
    const found = this.sources.flatMap((source) => source.complete?.(word) ?? []).slice(0, SHOWN);
    if (!found.length || (found.length === 1 && found[0].text === word)) return;
    event.preventDefault();
    this.complete = false;
    this.show(found);
    if (found.length === 1) this.choose(0);
  }

  choose(at) {
    const { word, start } = this.word();
    this.input.setRangeText(`${this.found[at].text} `, start, start + word.length, "end");
    this.close();
    this.input.dispatchEvent(new Event("input", { bubbles: true }));
  }

  close() {
    this.asked = null;
    this.show([]);
  }
}
