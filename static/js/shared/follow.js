// The follow button: at once in the page, and back when the site says no.

import { callApi } from "./api.js";
import { toast } from "./toasts.js";

export function enlivenFollow() {
  for (const form of document.querySelectorAll("form[data-follow]")) {
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const following = form.dataset.following !== "true";
      show(form, following);
      try {
        await callApi(following ? "POST" : "DELETE", form.dataset.url);
      } catch (error) {
        show(form, !following);
        toast(error.message, "error");
      }
    });
  }
}

function show(form, following) {
  const hadFocus = form.contains(document.activeElement);
  form.dataset.following = String(following);
  if (hadFocus) form.querySelector(`[data-when="${following ? "following" : "not-following"}"]`).focus();
}
