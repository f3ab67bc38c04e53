// The follow button and its bell: at once in the page, and back when the site says no.

import { callApi } from "./api.js";
import { toast } from "./toasts.js";

export function enlivenFollow() {
  for (const form of document.querySelectorAll("form[data-follow]")) {
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const wish = event.submitter?.value;
      if (wish === "mute" || wish === "unmute") tell(form, wish === "unmute");
      else follow(form, form.dataset.following !== "true");
    });
  }
}

async function follow(form, following) {
  const told = form.dataset.told;
  show(form, { following, told: true }); // who follows anew is told
  try {
    await callApi(following ? "POST" : "DELETE", form.dataset.url);
  } catch (error) {
    show(form, { following: !following, told });
    toast(error.message, "error");
  }
}

async function tell(form, told) {
  show(form, { following: true, told });
  try {
    await callApi("PATCH", form.dataset.url, { notify: told });
  } catch (error) {
    show(form, { following: true, told: !told });
    toast(error.message, "error");
  }
}

function show(form, { following, told }) {
  const focused = form.contains(document.activeElement) ? document.activeElement.dataset.when : "";
  form.dataset.following = String(following);
  form.dataset.told = String(told);
  if (!focused) return;
  const bell = focused === "told" || focused === "muted";
  const face = bell ? (told ? "told" : "muted") : following ? "following" : "not-following";
  form.querySelector(`[data-when="${face}"]`).focus();
}
