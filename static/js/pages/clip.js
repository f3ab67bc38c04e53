// A clip, on its page or framed by another: plays with sound where the browser lets it, and appears when it is made.

import { callApi } from "../shared/api.js";

const LOOK_MS = 150;
const PATIENT_AFTER_MS = 10_000; // an encode takes a while: then less often
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
  const state = await stateNow();
  if (state === "ready") show();
  else if (state === "making") setTimeout(look, performance.now() - since > PATIENT_AFTER_MS ? PATIENT_MS : LOOK_MS, since);
  else location.reload(); // the page says why there is none
}

async function stateNow() {
  try {
    const clip = await callApi("GET", root.dataset.api);
    spans = clip.spans.map(({ seconds, starts_at }) => [seconds, Date.parse(starts_at) / 1000]);
    return clip.state;
  } catch (error) {
    return error.status === 404 ? "deleted" : "making";
  }
}

function show() {
  root.dataset.clipState = "ready";
  root.querySelector("[data-making]").remove();
  for (const element of document.querySelectorAll("[data-when-ready]")) element.hidden = false;
  video.hidden = false;
  video.src = video.dataset.src;
  play();
}

// What was said while the clip was on air. An absence of the encoder's is left out of it, but not of the clock.
async function replayChat(chat) {
  const { Replay } = await import("../chat/replay.js"); // not for a player that another page frames
  const startedAt = Number(chat.dataset.startedAt);
  const now = () => {
    if (!video.readyState) return null;
    const [seconds, at] = spans.findLast(([begin]) => begin <= video.currentTime) ?? spans[0];
    return at + video.currentTime - seconds - startedAt;
  };
  new Replay(chat, { url: chat.dataset.chatReplay, now });
}

const chat = document.querySelector("[data-chat-replay]");
let spans = chat ? JSON.parse(document.getElementById("spans").textContent) : [];
if (chat && video) replayChat(chat);

if (root.dataset.clipState === "making") look(performance.now());
else if (video) play();
