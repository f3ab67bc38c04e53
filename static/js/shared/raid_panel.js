// The streamer's side of a raid, in the stream manager: the form, the count-down, now or not at all.

import { callApi } from "./api.js";
import { toast } from "./toasts.js";

export class RaidPanel {
  constructor(root) {
    this.root = root;
    this.enliven("start", "POST", "/api/v1/raids", (form) => ({ to: form.elements.login.value }));
    this.enliven("now", "POST", "/api/v1/raids/now");
    this.enliven("cancel", "DELETE", "/api/v1/raids");
  }

  // The channel's state as its socket tells it.
  show({ raid, state }) {
    this.root.hidden = !raid && !["live", "reconnecting"].includes(state);
    this.part("start").hidden = Boolean(raid);
    this.part("running").hidden = !raid;
    clearInterval(this.ticking);
    if (!raid) return;
    this.part("name").textContent = raid.display_name;
    const counting = raid.state === "counting";
    for (const name of ["now", "cancel"]) this.part(name).hidden = !counting;
    if (!counting) {
      this.part("when").textContent = "now";
      return;
    }
    const endsAt = performance.now() + raid.seconds_left * 1000;
    const tick = () => {
      const left = Math.max(0, Math.ceil((endsAt - performance.now()) / 1000));
      this.part("when").textContent = left ? `in ${left} s` : "in a moment";
    };
    this.ticking = setInterval(tick, 1000);
    tick();
  }

  // Without a reload, which would stop the preview. What changes comes back by the socket.
  enliven(name, method, url, body = () => undefined) {
    const form = this.part(name);
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const button = form.querySelector("button");
      button.disabled = true;
      try {
        await callApi(method, url, body(form));
        form.reset();
      } catch (error) {
        toast(error.message, "error");
      } finally {
        button.disabled = false;
      }
    });
  }

  part(name) {
    return this.root.querySelector(`[data-raid-${name}]`);
  }
}
