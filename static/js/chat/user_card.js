// What one can do about a person: opens at his name. One card serves the whole list.

import { UserRecord } from "./user_record.js";

const RANKS = ["vip", "moderator", "broadcaster", "staff"];
const MODERATOR = RANKS.indexOf("moderator");

export class UserCard {
  constructor(root, { mention, reply, order, begin }) {
    this.card = root.querySelector("[data-card]");
    this.name = root.querySelector("[data-card-name]");
    this.report = root.querySelector("[data-card-report]");
    this.room = root.dataset.login;
    this.you = null;
    this.record = new UserRecord(root);
    this.acts = {
      mention: () => mention(this.login),
      reply: () => reply(this.message),
      remove: () => order(`/delete ${this.message.dataset.id}`),
      pin: () => order(`/pin ${this.message.dataset.id}`),
      timeout: (seconds) => order(`/timeout ${this.login} ${seconds}`),
      warn: () => begin(`/warn ${this.login} `),
      ban: () => order(`/ban ${this.login}`),
    };
    this.scroll = root.querySelector("[data-scroll]");
    this.scroll.addEventListener("click", (event) => {
      const name = event.target.closest?.("[data-person]");
      if (name) this.open(name);
    });
    this.scroll.addEventListener("keydown", (event) => this.onKey(event));
    this.card.addEventListener("toggle", (event) => {
      if (event.newState === "closed" && this.card.contains(document.activeElement)) this.scroll.focus();
    });
    this.card.addEventListener("click", (event) => {
      const button = event.target.closest("[data-card-act]");
      if (!button) return;
      this.card.hidePopover();
      this.acts[button.dataset.cardAct](button.value);
    });
  }

  // Up and down go from name to name, beginning with the newest.
  onKey(event) {
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    const names = step ? [...this.scroll.querySelectorAll("[data-person]")] : [];
    if (!names.length) return;
    const at = names.indexOf(document.activeElement);
    event.preventDefault();
    (names[at < 0 ? names.length - 1 : at + step] ?? names[at]).focus();
  }

  setYou(you) {
    this.you = you;
  }

  open(name) {
    this.message = name.closest(".chat__message");
    this.login = name.dataset.person;
    this.name.textContent = name.textContent;
    const rights = rightsOver(this.message, this.you);
    const may = { remove: rights.mayRemove, pin: mayModerate(this.you) && Boolean(this.message.dataset.id) };
    for (const button of this.card.querySelectorAll("[data-moderators]")) {
      button.hidden = !(may[button.dataset.cardAct] ?? rights.mayModerate);
    }
    this.card.querySelector("[data-card-act=mention]").hidden = !this.you;
    this.card.querySelector("[data-card-act=reply]").hidden = !this.you || !this.message.dataset.id;
    this.offerReport();
    const box = name.getBoundingClientRect();
    const record = this.record.show(mayModerate(this.you) ? this.login : null);
    this.card.showPopover();
    this.placeBeside(box);
    this.card.querySelector(":is(button, a):not([hidden])")?.focus();
    record.then(() => this.placeBeside(box)); // it is higher by now
  }

  // To the staff of the site: the message, or who sent it where it was removed. In a new tab: the picture goes on here.
  offerReport() {
    const { id, user } = this.message.dataset;
    this.report.hidden = Number(user) === this.you?.id;
    this.report.href = id ? `/report/message/${this.room}:${id}` : `/report/user/${this.login}`;
    this.report.textContent = id ? "Report message" : "Report person";
  }

  placeBeside(box) {
    const { offsetWidth, offsetHeight } = this.card;
    const below = box.bottom + 4;
    const above = box.top - offsetHeight - 4;
    const fits = below + offsetHeight <= window.innerHeight || above >= 8;
    const top = below + offsetHeight <= window.innerHeight ? below : above;
    this.card.style.top = `${fits ? top : Math.max(8, window.innerHeight - offsetHeight - 8)}px`;
    this.card.style.left = `${Math.max(8, Math.min(box.left, window.innerWidth - offsetWidth - 8))}px`;
  }
}

export function mayModerate(you) {
  return rank(you?.badges) >= MODERATOR;
}

// What he may do about a message and its sender; the server decides again.
export function rightsOver(item, you) {
  const badges = [...item.querySelectorAll(".chat__badge")].map((badge) => badge.dataset.badge);
  const mine = rank(you?.badges);
  const own = Number(item.dataset.user) === you?.id;
  const mayModerate = mine >= MODERATOR && !own && rank(badges) < mine;
  return { mayModerate, mayRemove: mine >= MODERATOR && Boolean(item.dataset.id) && (mayModerate || own) };
}

function rank(badges) {
  return Math.max(-1, ...(badges ?? []).map((badge) => RANKS.indexOf(badge)));
}
