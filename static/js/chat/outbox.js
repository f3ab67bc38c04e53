// Messages on their way: shown at once, confirmed by the room, sent again after an interruption with the same nonce.

const KEPT = 20;

export class Outbox {
  constructor() {
    this.entries = new Map(); // nonce -> { nonce, text, reply, element, id }
  }

  // `reply` is the message that it answers.
  add(text, element, reply = null) {
    const entry = { nonce: newNonce(), text, reply, element, id: null };
    this.entries.set(entry.nonce, entry);
    if (this.entries.size > KEPT) this.take(this.entries.keys().next().value)?.element?.remove();
    return entry;
  }

  take(nonce) {
    const entry = this.entries.get(nonce) ?? null;
    this.entries.delete(nonce);
    return entry;
  }

  // The entry that has just come back as `message`: by its id when the ack was first, by its text otherwise.
  takeEcho(message, you) {
    if (message.user.login !== you?.login) return null;
    for (const entry of this.entries.values()) {
      if (!entry.element) continue; // a command
      if (entry.id === message.id || (entry.id === null && sameText(entry.text, message.text))) return this.take(entry.nonce);
    }
    return null;
  }

  // What goes out for an entry; the same again after an interruption.
  static request({ text, nonce, reply }) {
    return { type: "say", text, nonce, ...(reply && { reply_to: reply.id }) };
  }

  unanswered() {
    return [...this.entries.values()].filter((entry) => entry.id === null);
  }
}

function sameText(mine, published) {
  return mine.normalize("NFC").split(/\s+/u).join(" ") === published;
}

function newNonce() {
  return Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
