// What can be written here as a picture: read when it is first wanted, and again when it is old.

import { callApi } from "../shared/api.js";
import { recall, remember } from "../shared/storage.js";
import { findEmotes } from "./emote_parts.js";

const OLD_MS = 60_000;
const RECENT = "chat-emotes-recent";
const RECENT_KEPT = 24;

export class Emotes {
  constructor(url) {
    this.url = url;
    this.trigger = ":";
    this.least = 2; // letters after it: ":D" is a face
    this.table = { channel: [], common: [] };
    this.codes = new Map(); // code -> picture
    this.readAt = -OLD_MS;
  }

  // The table, however old it is where there is no other.
  async read() {
    if (performance.now() - this.readAt < OLD_MS) return this.table;
    this.reading ??= callApi("GET", this.url).finally(() => (this.reading = null));
    try {
      this.table = await this.reading;
    } catch (error) {
      if (!this.codes.size) throw error;
      return this.table;
    }
    this.readAt = performance.now();
    this.codes = new Map([...this.table.common, ...this.table.channel].map(({ code, id }) => [code, id]));
    return this.table;
  }

  // For the completion: what begins so before what has it anywhere, and of both what was used lately first.
  async find(beginning) {
    await this.read();
    return this.matching(beginning);
  }

  // A word without the colon, at Tab: only what begins so, from what is known already.
  complete(word) {
    if (word.length < this.least) return [];
    return this.matching(word.toLowerCase()).filter(({ text }) => text.toLowerCase().startsWith(word.toLowerCase()));
  }

  matching(part) {
    const recent = new Set(this.recent());
    const rank = (code) => (code.toLowerCase().startsWith(part) ? 0 : 2) - (recent.has(code) ? 1 : 0);
    return [...this.codes]
      .filter(([code]) => code.toLowerCase().includes(part))
      .map(([code, picture]) => ({ label: code, text: code, picture }))
      .sort((one, other) => rank(one.text) - rank(other.text) || one.text.localeCompare(other.text));
  }

  // The codes used last, the latest first; only those that still are some.
  recent() {
    return recall(RECENT, "").split(" ").filter((code) => this.codes.has(code));
  }

  // Notes what is said, and answers which emotes are in it.
  note(text) {
    const emotes = findEmotes(text, this.codes);
    const used = text.split(" ").filter((word) => this.codes.has(word));
    if (used.length) remember(RECENT, [...new Set([...used.reverse(), ...this.recent()])].slice(0, RECENT_KEPT).join(" "));
    return emotes;
  }
}
