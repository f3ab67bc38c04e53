// What moderators know of someone: shown on his card, read when it opens.

import { callApi } from "../shared/api.js";

const SAID = 20;
const day = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });
const minute = new Intl.DateTimeFormat(undefined, { dateStyle: "short", timeStyle: "short" });

export class UserRecord {
  constructor(root) {
    this.url = root.dataset.channel;
    this.box = root.querySelector("[data-record]");
    this.facts = root.querySelector("[data-record-facts]");
    this.notes = root.querySelector("[data-record-notes]");
    this.said = root.querySelector("[data-record-said]");
    this.form = root.querySelector("[data-record-form]");
    this.login = null;
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.add();
    });
    this.form.addEventListener("keydown", (event) => event.stopPropagation()); // no shortcuts of the player
  }

  async show(login) {
    this.login = login;
    this.box.hidden = !login;
    if (!login) return;
    this.facts.textContent = "…";
    this.notes.replaceChildren();
    this.said.replaceChildren();
    try {
      const [record, said] = await Promise.all([
        callApi("GET", `${this.url}/people/${login}`),
        callApi("GET", `${this.url}/people/${login}/messages?limit=${SAID}`),
      ]);
      if (login !== this.login) return; // another card is open by now
      this.facts.textContent = facts(record);
      this.notes.replaceChildren(...record.notes.map((note) => this.noteElement(note)));
      this.said.replaceChildren(...said.results.map(saidElement));
    } catch (error) {
      if (login === this.login) this.facts.textContent = error.message;
    }
  }

  async add() {
    const field = this.form.elements.text;
    if (!field.value.trim()) return;
    try {
      const note = await callApi("POST", `${this.url}/people/${this.login}/notes`, { text: field.value });
      this.notes.prepend(this.noteElement(note));
      field.value = "";
    } catch (error) {
      this.facts.textContent = error.message;
    }
  }

  noteElement(note) {
    const item = line(`${note.text} (${note.by ?? "somebody"}, ${day.format(new Date(note.created_at))})`);
    const remove = document.createElement("button");
    remove.type = "button";
    remove.className = "text-button";
    remove.textContent = "Remove";
    remove.addEventListener("click", async () => {
      await callApi("DELETE", `${this.url}/notes/${note.id}`).then(() => item.remove(), (error) => (remove.textContent = error.message));
    });
    item.append(" ", remove);
    return item;
  }
}

function facts(record) {
  const counts = [
    [record.messages, "message"],
    [record.warnings, "warning"],
    [record.timeouts, "time-out"],
    [record.bans, "ban"],
  ];
  return [
    `Account since ${day.format(new Date(record.account_created_at))}`,
    record.followed_at ? `follows since ${day.format(new Date(record.followed_at))}` : "does not follow",
    ...counts.filter(([number], at) => number || !at).map(([number, word]) => `${number} ${word}${number === 1 ? "" : "s"}`),
    ...(record.silence ? [silence(record.silence)] : []),
  ].join(" · ");
}

function silence({ warning, until, by, reason }) {
  const what = warning ? "warned" : until ? `timed out until ${minute.format(new Date(until))}` : "banned";
  return `${what}${by ? ` by ${by}` : ""}${reason ? ` (${reason})` : ""}`;
}

function saidElement(message) {
  const item = line(message.text);
  item.title = minute.format(new Date(message.sent_at));
  item.classList.toggle("chat__record-removed", Boolean(message.removed_at));
  return item;
}

function line(text) {
  const item = document.createElement("li");
  const words = document.createElement("bdi");
  words.textContent = text;
  item.append(words);
  return item;
}
