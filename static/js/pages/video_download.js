// A recording as a file: says how far it is, and shows the link when it is there.

import { callApi } from "../shared/api.js";
import { clock } from "../shared/format.js";

const LOOK_MS = 1000;
const UNDER_WAY = ["waiting", "running"];
const PREPARING_LOOK_MS = 10_000; // it takes minutes

const card = document.querySelector("[data-download]");

async function look() {
  try {
    const now = await callApi("GET", card.dataset.download);
    if (!UNDER_WAY.includes(now.state)) {
      location.reload();
      return;
    }
    if (now.state === "running") card.querySelector("[data-words]").textContent = `${clock(now.done_seconds)} of ${clock(now.total_seconds)}`;
    card.querySelector("[data-bar]").value = now.done_seconds;
  } catch {
    // The site may be restarting: the next look says more.
  }
  setTimeout(look, LOOK_MS);
}

async function lookWhetherBack() {
  const now = await callApi("GET", card.dataset.download).catch(() => null);
  if (now && now.state !== "preparing") location.reload();
  else setTimeout(lookWhetherBack, PREPARING_LOOK_MS);
}

if (card.dataset.state === "preparing") setTimeout(lookWhetherBack, PREPARING_LOOK_MS);
if (UNDER_WAY.includes(card.dataset.state)) setTimeout(look, LOOK_MS);
