// What was said during a broadcast, beside its recording: each message when the picture comes to its time.
//
// Fetched in pages ahead of the picture; after a jump again, from a little before the place jumped to.

import { callApi } from "../shared/api.js";
import { clock } from "../shared/format.js";
import { MessageLog } from "./message_log.js";
import { messageElement } from "./message_view.js";

const TICK_MS = 250;
const PAGE = 200; // messages: the most the API gives at once
const AHEAD_SECONDS = 30; // fetched before they are due
const BEFORE_SECONDS = 20; // of what came before is shown after a jump
const JUMP_SECONDS = 4; // no pace and no sleepy timer moves the picture so far between two ticks
const CATCH_UP_PAGES = 5; // a fast room is not fetched up to here, but begun here
const RETRY_MS = 5_000;

export class Replay {
  // `now` gives the picture's time in seconds since the broadcast's start; null while there is none.
  constructor(root, { url, now }) {
    this.root = root;
    this.url = url;
    this.now = now;
    this.log = new MessageLog(root);
    this.state = root.querySelector("[data-replay-state]");
    this.log.list.addEventListener("click", (event) => this.onClick(event));
    this.jumps = 0; // tells answers that were asked for before a jump
    this.forget(0);
    this.at = null;
    setInterval(() => this.tick(), TICK_MS);
  }

  tick() {
    const now = this.now();
    if (now === null) return;
    if (this.at === null || now < this.at - 0.5 || now > this.at + JUMP_SECONDS) this.jump(now - BEFORE_SECONDS);
    this.at = now;
    this.show();
    this.fetch();
  }

  jump(seconds) {
    for (const element of this.log.messages(() => true)) this.log.remove(element);
    this.forget(Math.max(seconds, 0));
    this.log.follow();
  }

  forget(from) {
    this.jumps += 1;
    this.from = from;
    this.after = null; // the last message of the page before
    this.complete = false;
    this.fetching = false;
    this.pagesBehind = 0; // one after the other that ended before the picture's time
    this.waiting = [];
  }

  show() {
    const due = this.waiting.findIndex(({ seconds }) => seconds > this.at);
    const shown = this.waiting.splice(0, due < 0 ? this.waiting.length : due);
    for (const message of shown) this.log.add(this.element(message));
    if (!this.fetching && this.state.dataset.kind !== "error") this.tell(this.log.isEmpty() ? "Nothing was said up to here." : "");
  }

  element(message) {
    const { login, display_name, badges, color, seconds, ...said } = message;
    const user = { id: login, login, display_name, badges, color };
    const element = messageElement({ ...said, user }, { you: null, icons: this.root.dataset.icons });
    const time = element.querySelector("time");
    time.textContent = clock(seconds);
    time.dateTime = `PT${Math.round(seconds)}S`;
    return element;
  }

  async fetch() {
    const last = this.waiting.at(-1);
    if (this.fetching || this.complete || (last && last.seconds > this.at + AHEAD_SECONDS)) return;
    const { jumps } = this;
    this.fetching = true;
    try {
      const page = await callApi("GET", `${this.url}?${this.query()}`);
      if (jumps === this.jumps) this.take(page);
    } catch {
      if (jumps === this.jumps) this.tryLater(jumps);
    }
  }

  query() {
    const asked = new URLSearchParams({ seconds: this.from.toFixed(3), limit: PAGE });
    if (this.after !== null) asked.set("after", this.after);
    return asked;
  }

  take({ results, after }) {
    this.fetching = false;
    this.tell("");
    this.waiting.push(...results);
    this.after = after;
    this.complete = after === null;
    this.pagesBehind = after !== null && results.at(-1).seconds < this.at ? this.pagesBehind + 1 : 0;
    if (this.pagesBehind >= CATCH_UP_PAGES) this.jump(this.at);
    this.show();
  }

  tryLater(jumps) {
    this.tell("The chat cannot be loaded right now.", "error");
    setTimeout(() => {
      if (jumps === this.jumps) this.fetching = false;
    }, RETRY_MS);
  }

  tell(text, kind = "") {
    this.state.textContent = text;
    this.state.hidden = !text;
    this.state.dataset.kind = kind;
  }

  onClick(event) {
    const name = event.target.closest("[data-person]");
    if (name) window.open(`/${encodeURIComponent(name.dataset.person)}`, "_blank", "noopener");
  }
}
