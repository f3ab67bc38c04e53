// A recording that comes back from cold storage: looks every few seconds whether it is there, and then shows it.

import { callApi } from "../shared/api.js";

const LOOK_MS = 5_000;
const { cold, playbackApi } = document.querySelector("[data-cold]").dataset;

async function look() {
  try {
    await callApi("GET", playbackApi);
  } catch {
    setTimeout(look, LOOK_MS);
    return;
  }
  location.reload();
}

if (cold === "preparing") setTimeout(look, LOOK_MS);
