// The pinned message above the list.

import { messageElement } from "./message_view.js";

export class PinView {
  constructor(root, { order, context }) {
    this.box = root.querySelector("[data-pin]");
    this.by = root.querySelector("[data-pin-by]");
    this.place = root.querySelector("[data-pin-message]");
    this.down = root.querySelector("[data-pin-down]");
    this.context = context;
    this.pin = null;
    this.down.addEventListener("click", () => order("/unpin"));
    root.querySelector("[data-pin-hide]").addEventListener("click", () => this.hide());
  }

  show(pin, { mayModerate }) {
    clearTimeout(this.timer);
    this.pin = pin;
    const left = pin?.until ? Date.parse(pin.until) - Date.now() : Infinity;
    if (!pin || left <= 0) {
      this.hide();
      return;
    }
    this.by.textContent = `Pinned by ${pin.by}`;
    this.place.replaceChildren(messageElement({ ...pin.message, reply: null, announcement: "" }, this.context()));
    for (const name of this.place.querySelectorAll("[data-person]")) name.disabled = true;
    this.down.hidden = !mayModerate;
    this.box.hidden = false;
    if (Number.isFinite(left)) this.timer = setTimeout(() => this.hide(), left);
  }

  hide() {
    this.box.hidden = true;
    this.place.replaceChildren();
  }
}
