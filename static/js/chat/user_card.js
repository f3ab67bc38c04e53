// What one can do about a person: opens at his name. One card serves the whole list.

const RANKS = ["vip", "moderator", "broadcaster", "staff"];
const MODERATOR = RANKS.indexOf("moderator");

export class UserCard {
  constructor(root, { mention, reply, order }) {
    this.card = root.querySelector("[data-card]");
    this.name = root.querySelector("[data-card-name]");
    this.you = null;
    this.acts = {
      mention: () => mention(this.login),
      reply: () => reply(this.message),
      remove: () => order(`/delete ${this.message.dataset.id}`),
      timeout: () => order(`/timeout ${this.login}`),
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
      const act = event.target.closest("[data-card-act]")?.dataset.cardAct;
      if (!act) return;
      this.card.hidePopover();
      this.acts[act]();
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
    const { mayModerate, mayRemove } = rightsOver(this.message, this.you);
    for (const button of this.card.querySelectorAll("[data-moderators]")) {
      button.hidden = button.dataset.cardAct === "remove" ? !mayRemove : !mayModerate;
    }
    this.card.querySelector("[data-card-act=mention]").hidden = !this.you;
    this.card.querySelector("[data-card-act=reply]").hidden = !this.you || !this.message.dataset.id;
    this.card.showPopover();
    this.placeBeside(name.getBoundingClientRect());
  }

  placeBeside(box) {
    const { offsetWidth, offsetHeight } = this.card;
    const below = box.bottom + 4;
    const top = below + offsetHeight > window.innerHeight ? box.top - offsetHeight - 4 : below;
    this.card.style.top = `${Math.max(8, top)}px`;
    this.card.style.left = `${Math.max(8, Math.min(box.left, window.innerWidth - offsetWidth - 8))}px`;
    this.card.querySelector("button:not([hidden])")?.focus();
  }
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
