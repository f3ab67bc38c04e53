// Stream setup: makes the key without leaving the page, so that a reload does not make another one.

import { callApi } from "../shared/api.js";
import { toast } from "../shared/toasts.js";

const form = document.querySelector("[data-key-form]");
const box = document.querySelector("[data-new-key]");
const input = document.getElementById("stream-key");
const reveal = document.querySelector("[data-reveal]");

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const button = form.querySelector("button");
  button.disabled = true;
  try {
    const answer = await callApi("POST", form.dataset.url);
    input.value = answer.stream_key;
    box.hidden = false;
    form.hidden = true;
    document.querySelector("[data-key-state]").hidden = true;
    box.querySelector("[data-copy]").focus();
  } catch (error) {
    toast(error.message, "error");
  } finally {
    button.disabled = false;
  }
});

reveal.addEventListener("click", () => {
  const masked = input.classList.toggle("input--masked");
  reveal.setAttribute("aria-pressed", String(!masked));
});

// A key that was shown once must not come back with the back button.
addEventListener("pagehide", () => {
  input.value = "";
});
