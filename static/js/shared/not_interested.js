// "Not interested" on a recommended card: gone at once, and back by the button in its place.

import { callApi } from "./api.js";
import { toast } from "./toasts.js";

export function enlivenRecommended() {
  for (const form of document.querySelectorAll("form[data-hide]")) {
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const card = form.closest("[data-recommended]");
      const undo = undoFor(card, form);
      card.hidden = true;
      card.before(undo);
      undo.querySelector("button").focus();
      await tell("DELETE", form, () => restore(card, undo));
    });
  }
}

function undoFor(card, form) {
  const place = document.createElement("div");
  place.className = "empty";
  const text = document.createElement("p");
  text.textContent = `${form.dataset.name} is not recommended to you any more.`;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button";
  button.textContent = "Undo";
  button.addEventListener("click", async () => {
    if (await tell("POST", form, () => {})) restore(card, place);
  });
  place.append(text, button);
  return place;
}

function restore(card, undo) {
  undo.remove();
  card.hidden = false;
  card.querySelector("a").focus();
}

async function tell(method, form, otherwise) {
  try {
    await callApi(method, form.dataset.url);
    return true;
  } catch (error) {
    toast(error.message, "error");
    otherwise();
    return false;
  }
}
