// The share dialog of a recording: its second link leads to the moment that is shown when the dialog opens.

import { clock } from "./format.js";

export function enlivenShare(video) {
  const dialog = document.getElementById("share");
  const link = dialog?.querySelector("[data-moment-link]");
  if (!link) return;
  document.querySelector("[data-dialog=share]").addEventListener("click", () => {
    const seconds = Math.floor(video.currentTime);
    const url = new URL(dialog.querySelector("[data-page-link]").value);
    url.searchParams.set("t", seconds);
    link.value = url.href;
    dialog.querySelector("[data-moment]").textContent = clock(seconds);
  });
}
