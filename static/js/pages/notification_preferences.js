// Push on this device: what is possible here and why, and the two buttons.

import { pushState, turnPushOff, turnPushOn } from "../shared/push.js";
import { toast } from "../shared/toasts.js";

const TEXTS = {
  on: "This browser shows notifications, also while no page of this site is open.",
  off: "This browser can tell you that a channel goes live, also while no page of this site is open. It will ask whether it may.",
  blocked: "Your browser blocks notifications of this site. Allow them in its settings for this site (the icon left of the address), then load this page again.",
  insecure: "Browsers allow push only over HTTPS, and this site is open over plain HTTP. Whoever runs it can set up a certificate.",
  unsupported: "This browser has no push. On an iPhone or iPad, add the site to the home screen first.",
};

const root = document.querySelector("[data-push]");
const on = root.querySelector("[data-push-on]");
const off = root.querySelector("[data-push-off]");

async function show() {
  const state = await pushState();
  root.querySelector("[data-push-text]").textContent = TEXTS[state];
  on.hidden = state !== "off";
  off.hidden = state !== "on";
}

async function change(button, act) {
  button.setAttribute("aria-busy", "true");
  button.disabled = true;
  try {
    await act();
  } catch (error) {
    toast(error.name === "AbortError" ? "The browser's push service did not answer. Try again later." : error.message, "error");
  }
  button.removeAttribute("aria-busy");
  button.disabled = false;
  await show();
}

on.addEventListener("click", () => change(on, () => turnPushOn(root.dataset.key)));
off.addEventListener("click", () => change(off, turnPushOff));
show();
