// The chat panel: brings connection, list and composer together.

import { recall, remember } from "../shared/storage.js";
import { ChattersView } from "./chatters_view.js";
import { Commands } from "./commands.js";
import { Completion } from "./completion.js";
import { Composer } from "./composer.js";
import { ChatConnection } from "./connection.js";
import { EmotePicker } from "./emote_picker.js";
import { Emotes } from "./emotes.js";
import { HeldView } from "./held_view.js";
import { MessageLog } from "./message_log.js";
import { MessageTools } from "./message_tools.js";
import { emptyMessage, emptyQuote, lineElement, messageElement, messageOf } from "./message_view.js";
import { modesChange, modesText } from "./modes.js";
import { Names } from "./names.js";
import { Outbox } from "./outbox.js";
import { PinView } from "./pin_view.js";
import { PollView } from "./poll_view.js";
import { SampledView } from "./sampled_view.js";
import { ThreadView } from "./thread_view.js";
import { mayModerate, rightsOver, UserCard } from "./user_card.js";

const ANNOUNCE = "chat-announce";
const HISTORY_MS = 300; // history follows the hello at once; a room without any by now is quiet

export function mountChat(element) {
  if (element.dataset.mounted) return null;
  element.dataset.mounted = "yes";
  return new ChatPanel(element);
}

// What a reply carries until the room has said it.
function quoteOf({ id, user, text, reply }) {
  return { id, user_id: user.id, login: user.login, display_name: user.display_name, text, thread_id: reply?.thread_id ?? id };
}

function isCommand(text) {
  return text.startsWith("/") && !/^\/(?:\/|me\s)/iu.test(text);
}

class ChatPanel {
  constructor(root) {
    this.root = root;
    this.you = null;
    this.shown = new Set(); // ids in the list that the outbox may still ask about
    this.log = new MessageLog(root);
    this.composer = new Composer(root);
    this.outbox = new Outbox();
    this.connection = new ChatConnection(root.dataset.room);
    this.sampled = new SampledView(root);
    this.mountAnnouncements();
    this.badges = {}; // of subscribers: name -> picture
    this.emotes = new Emotes(root.dataset.emotes);
    // Before the first message with one: what is written is shown as the room will show it, and Tab completes at once.
    this.composer.input.addEventListener("focus", () => this.emotes.read().catch(() => {}));
    new EmotePicker(root, this.emotes, (code) => this.composer.insertWord(code));
    this.card = new UserCard(root, {
      mention: (login) => this.composer.begin(`@${login} `),
      reply: (item) => this.composer.setReply(messageOf(item)),
      order: (command) => this.order(command),
      begin: (text) => this.composer.begin(text),
    });
    this.part("acknowledge").addEventListener("click", () => this.order("/acknowledge"));
    new MessageTools(root, {
      log: this.log,
      rights: (item) => this.rights(item),
      acts: {
        reply: (item) => this.composer.setReply(messageOf(item)),
        remove: (item) => this.order(`/delete ${item.dataset.id}`),
        timeout: (item) => this.order(`/timeout ${messageOf(item).user.login}`),
        pin: (item) => this.order(`/pin ${item.dataset.id}`),
      },
    });
    this.pins = new PinView(root, { order: (command) => this.order(command), context: () => this.context() });
    this.held = new HeldView(root, { order: (command) => this.order(command), context: () => this.context() });
    this.polls = new PollView(root, { order: (command) => this.order(command) });
    this.names = new Names(`${root.dataset.channel}/chatters`);
    this.commands = new Commands(`${root.dataset.channel}/commands`);
    new Completion(root, this.composer.input, [this.names, this.emotes, this.commands]);
    new ChattersView(root);
    new ThreadView(root, this.log, () => this.context());
    this.composer.addEventListener("say", (event) => this.say(event.detail));
    const handlers = {
      hello: (hello) => this.onHello(hello),
      signed_in: (event) => this.setYou(event.you),
      message: (message) => this.onMessage(message),
      ack: (ack) => this.onAck(ack),
      refused: (refusal) => this.onRefused(refusal),
      done: (done) => this.onDone(done),
      message_removed: ({ id }) => this.empty((element) => element.dataset.id === id, (quote) => quote.dataset.quote === id),
      user_removed: (event) => this.onUserRemoved(event),
      room_cleared: () => this.onCleared(),
      room_state: ({ seq, modes }) => seq > this.toldUntil && this.onState(modes),
      pin_changed: ({ seq, pin }) => seq > this.toldUntil && this.pins.show(pin, this.rightsHere()),
      poll_changed: ({ seq, poll }) => seq > this.toldUntil && this.onPoll(poll),
      raided: ({ user, viewers }) => this.log.add(lineElement(`${user.display_name} raids with ${viewers} viewer${viewers === 1 ? "" : "s"}. Say hello!`)),
      raid_cancelled: ({ seq }) => seq > this.toldUntil && this.log.add(lineElement("The raid is cancelled.")),
      held: (held) => this.held.add(held),
      held_decided: ({ id }) => this.held.drop(id),
      poll_progress: (progress) => this.polls.progress(progress),
      sampled: ({ active }) => this.sampled.show(active),
      gap: () => this.log.add(lineElement("Some messages were skipped here.")),
      notice: (notice) => this.composer.showAlert(String(notice.text)),
      status: (status) => this.showState(status.connected ? "" : "Reconnecting…"),
      connection: ({ connected }) => this.showState(connected ? "" : "Reconnecting…"),
    };
    for (const [type, handler] of Object.entries(handlers)) {
      this.connection.addEventListener(type, (event) => handler(event.detail));
    }
    this.connection.open();
  }

  onHello(hello) {
    this.part("loading")?.remove();
    this.composer.maximum = hello.text_max;
    this.setYou(hello.you);
    this.commands.forget();
    this.badges = hello.badges ?? {};
    this.showModes(hello.modes);
    this.composer.setStanding(hello.standing);
    this.part("acknowledge").hidden = hello.standing?.rule !== "warned";
    this.sampled.show(false); // told again where it is still so
    this.toldUntil = hello.seq; // what history tells of modes, pins and polls is older than what hello says
    this.pins.show(hello.pin, this.rightsHere());
    this.polls.show(hello.poll, this.rightsHere());
    this.held.load(this.rightsHere().mayModerate);
    this.showState(hello.connected ? "" : "Reconnecting…");
    setTimeout(() => this.showEmpty(), HISTORY_MS);
    // What was under way when the connection was lost: the same nonce, so it is said once at most.
    for (const entry of this.outbox.unanswered()) this.connection.send(Outbox.request(entry));
  }

  onMessage(message) {
    this.names.add(message.user);
    const echo = this.outbox.takeEcho(message, this.you);
    if (echo) this.log.remove(echo.element);
    else if (message.user.login === this.you?.login) this.remember(message.id);
    this.log.add(messageElement(message, this.context()));
    this.part("empty").hidden = true;
  }

  say({ text, reply }) {
    if (!this.you) {
      this.composer.restore(text, reply);
      this.composer.showAlert("The chat is still connecting. Try again in a moment.");
      return;
    }
    if (isCommand(text)) {
      this.order(text, { typed: true });
      return;
    }
    const reference = reply && quoteOf(reply);
    const message = { text, emotes: this.emotes.note(text), user: this.you, sent_at: new Date().toISOString(), reply: reference };
    const element = messageElement(message, this.context());
    element.classList.add("chat__message--pending");
    const entry = this.outbox.add(text, element, reply);
    this.log.add(element, { counts: false });
    this.log.follow();
    this.part("empty").hidden = true;
    this.connection.send(Outbox.request(entry)); // without a connection it goes out after the next hello
  }

  // A command goes out like a message, but nobody sees it. What a button ordered does not come back as text.
  order(command, { typed = false } = {}) {
    const entry = this.outbox.add(command, null);
    entry.typed = typed;
    if (!this.connection.send(Outbox.request(entry))) {
      this.outbox.take(entry.nonce);
      if (typed) this.composer.restore(command);
      this.composer.showAlert("The chat is not connected right now. Try again in a moment.");
    }
  }

  onDone(done) {
    const entry = this.outbox.take(done.nonce);
    if (/^\/vote\b/u.test(entry?.text ?? "")) this.polls.voted();
    const silenced = /^\/(?:ban|timeout)\s+@?(\w+)/u.exec(entry?.text ?? "");
    this.log.add(lineElement(String(done.text), silenced && (() => this.order(`/unban ${silenced[1]}`))), { counts: false });
  }

  // What was removed, and what quotes it.
  empty(matches, quotes) {
    for (const element of this.log.messages(() => true)) {
      const quote = element.querySelector("[data-quote]");
      if (quote && quotes(quote)) emptyQuote(quote);
      if (matches(element)) emptyMessage(element);
    }
  }

  rights(item) {
    if (!this.you || !item.dataset.id) return new Set();
    const { mayModerate, mayRemove } = rightsOver(item, this.you);
    const here = this.rightsHere().mayModerate ? ["pin"] : [];
    return new Set(["reply", ...here, ...(mayRemove ? ["remove"] : []), ...(mayModerate ? ["timeout"] : [])]);
  }

  onUserRemoved(event) {
    const id = String(event.user_id);
    this.empty((element) => element.dataset.user === id, (quote) => quote.dataset.quoted === id);
  }

  onCleared() {
    this.empty(() => true, () => true);
    this.log.add(lineElement("The chat was cleared by a moderator."));
  }

  onPoll(poll) {
    this.polls.show(poll, this.rightsHere());
    if (!poll.ended) this.log.add(lineElement(`A poll begins: ${poll.question}`));
  }

  rightsHere() {
    return { you: this.you, mayModerate: mayModerate(this.you) };
  }

  onState(modes) {
    const change = modesChange(this.modes, modes);
    this.showModes(modes);
    if (change) this.log.add(lineElement(change));
  }

  showModes(modes) {
    this.modes = modes;
    const text = modesText(modes);
    this.part("modes").textContent = text;
    this.part("modes").hidden = !text;
  }

  onAck(ack) {
    const entry = this.outbox.entries.get(ack.nonce);
    if (!entry) return;
    entry.id = ack.id;
    // In a room with a delay its echo comes later than one wants to wait for a sign.
    if (this.modes?.delay_seconds) entry.element?.classList.remove("chat__message--pending");
    if (this.shown.delete(ack.id)) this.log.remove(this.outbox.take(ack.nonce).element);
  }

  onRefused(refusal) {
    const entry = this.outbox.take(refusal.nonce);
    if (entry) {
      if (entry.element) this.log.remove(entry.element);
      if (refusal.rule !== "held" && (entry.element || entry.typed)) this.composer.restore(entry.text, entry.reply);
    }
    if (refusal.rule === "voted") this.polls.voted(); // in another window
    if (refusal.rule === "sign_in") this.setYou(null);
    this.composer.showAlert(String(refusal.text), refusal.retry_after);
    this.showEmpty();
  }

  setYou(you) {
    this.you = you;
    this.card.setYou(you);
    this.part("form").hidden = !you;
    this.part("sign-in").hidden = Boolean(you);
  }

  showState(text) {
    this.part("state").textContent = text;
  }

  showEmpty() {
    this.part("empty").hidden = !this.log.isEmpty();
  }

  remember(id) {
    this.shown.add(id);
    if (this.shown.size > 50) this.shown.delete(this.shown.values().next().value);
  }

  context() {
    return { you: this.you, icons: this.root.dataset.icons, badges: this.badges };
  }

  // Screen readers announce new messages politely; a busy room can be silenced.
  mountAnnouncements() {
    const button = this.part("announce");
    const show = (on) => {
      button.setAttribute("aria-pressed", String(on));
      this.log.list.setAttribute("aria-live", on ? "polite" : "off");
    };
    button.hidden = false;
    button.addEventListener("click", () => {
      const on = button.getAttribute("aria-pressed") !== "true";
      remember(ANNOUNCE, on ? "yes" : "no");
      show(on);
    });
    show(recall(ANNOUNCE, "yes") === "yes");
  }

  part(name) {
    return this.root.querySelector(`[data-${name}]`);
  }
}
