// Messages that wait for a moderator: a line above the list, which opens them.

import { callApi } from "../shared/api.js";
import { messageElement } from "./message_view.js";

const KEPT = 100;

export class HeldView {
  constructor(root, { order, context }) {
    this.url = `${root.dataset.channel}/held`;
    this.box = root.querySelector("[data-held]");
    this.count = root.querySelector("[data-held-count]");
    this.list = root.querySelector("[data-held-list]");
    this.order = order;
    this.context = context;
    this.list.addEventListener("click", (event) => {
      const verdict = event.target.closest("[data-verdict]");
      if (verdict) order(`/${verdict.dataset.verdict} ${verdict.closest("[data-held-id]").dataset.heldId}`);
    });
  }

  // After a connection: what waits already. Nothing, for all but moderators.
  async load(mayModerate) {
    this.list.replaceChildren();
    this.show();
    if (!mayModerate) return;
    try {
      for (const held of (await callApi("GET", `${this.url}?limit=${KEPT}`)).results) this.add(held);
    } catch {
      // They are told as they come.
    }
  }

  add({ message }) {
    if (this.find(message.id) || this.list.childElementCount >= KEPT) return;
    const item = document.createElement("li");
    item.dataset.heldId = message.id;
    const said = messageElement({ ...message, reply: null, announcement: "" }, this.context());
    for (const name of said.querySelectorAll("[data-person]")) name.disabled = true;
    const buttons = document.createElement("div");
    buttons.className = "chat__held-buttons";
    buttons.append(verdictButton("approve", "Let through"), verdictButton("deny", "Do not"));
    item.append(said, buttons);
    this.list.append(item);
    this.show();
  }

  drop(id) {
    this.find(id)?.remove();
    this.show();
  }

  find(id) {
    return [...this.list.children].find((item) => item.dataset.heldId === id);
  }

  show() {
    const waiting = this.list.childElementCount;
    this.box.hidden = !waiting;
    this.count.textContent = `${waiting} message${waiting === 1 ? " waits" : "s wait"} for a moderator`;
  }
}

function verdictButton(verdict, text) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button button--quiet button--s";
  button.dataset.verdict = verdict;
  button.textContent = text;
  return button;
}
