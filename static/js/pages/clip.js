// A clip, on its page or framed by another: plays with sound where the browser lets it, and appears when it is made.

import { callApi } from "../shared/api.js";

const LOOK_MS = 250;
const PATIENT_AFTER_MS = 15_000; // an encode takes a while: then less often
const PATIENT_MS = 2000;

const root = document.querySelector("[data-clip-state]");
const video = root.querySelector("video");

async function play() {
  try {
    await video.play();
  } catch (error) {
    if (error.name !== "NotAllowedError") return;
    video.muted = true;
    video.play().catch(() => {});
  }
}

async function look(since) {
  let state = "making";
  try {
    ({ state } = await callApi("GET", root.dataset.api));
  } catch (error) {
    if (error.status === 404) state = "deleted";
  }
  if (state !== "making") location.reload();
  else setTimeout(look, performance.now() - since > PATIENT_AFTER_MS ? PATIENT_MS : LOOK_MS, since);
}

if (video) play();
else if (root.dataset.clipState === "making") look(performance.now());
