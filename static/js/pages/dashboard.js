// The stream manager: state, health and notices as the site pushes them.

import { mountPlayer } from "../player/player.js";
import { callApi } from "../shared/api.js";
import { suggestCategories } from "../shared/category_names.js";
import { ChannelEvents } from "../shared/channel_events.js";
import { count } from "../shared/format.js";
import { RaidPanel } from "../shared/raid_panel.js";
import { toast } from "../shared/toasts.js";

const STATE_WORDS = { offline: "Offline", starting: "Connecting", live: "Live", reconnecting: "Reconnecting", ended: "Ended" };
const PLOT_POINTS = 120; // one every two seconds: four minutes
const PLOT_HEIGHT = 40;

const page = document.getElementById("dashboard");
const part = (name) => page.querySelector(`[data-${name}]`);
const player = mountPlayer(document.getElementById("player"));
player.video.muted = true;
suggestCategories(document.getElementById("id_category"));
const raids = new RaidPanel(part("raid"));
const bitrates = [];
let state = "offline";

function showState(watch) {
  state = watch.state;
  player.setWatch(watch);
  part("status").dataset.state = state;
  part("state-text").textContent = STATE_WORDS[state] || state;
  const started = part("started");
  started.dateTime = watch.started_at || "";
  if (!watch.started_at) started.textContent = "–";
  part("end").hidden = ["offline", "ended"].includes(state);
  part("marker").hidden = !["live", "reconnecting"].includes(state);
  document.querySelector("[data-end-title]").textContent = watch.title || "Untitled broadcast";
  raids.show(watch);
  showViewers(watch.viewers);
  if (part("end").hidden) showHealth({});
}

function showViewers(viewers) {
  part("viewers").textContent = count(viewers);
}

function showHealth(health) {
  const encoder = health.encoder || health.source || {};
  const set = (name, text) => {
    page.querySelector(`[data-health=${name}]`).textContent = text || "–";
  };
  set("bitrate", health.bitrate_kbps ? `${count(health.bitrate_kbps)} kb/s` : "");
  set("fps", health.fps ? String(Math.round(health.fps * 10) / 10) : "");
  set("keyframe", health.keyframe_seconds ? `${Math.round(health.keyframe_seconds * 10) / 10} s` : "");
  set("size", encoder.width ? `${encoder.width}×${encoder.height}` : "");
  set("audio", health.bitrate_kbps ? (health.audio ? "On" : "None") : "");
  set("renditions", (health.renditions || []).length ? String(health.renditions.length) : "");
  showWarnings(health.warnings || [], Boolean(health.bitrate_kbps));
  if (health.bitrate_kbps) plot(health.bitrate_kbps);
}

function showWarnings(warnings, signal) {
  const list = part("warnings");
  const texts = warnings.map((warning) => warning.text);
  // Said again only when it changes, or a screen reader would repeat it every two seconds.
  if (list.dataset.texts !== JSON.stringify(texts)) {
    list.dataset.texts = JSON.stringify(texts);
    list.replaceChildren(...texts.map((text) => noticeFrom("warning-template", text)));
  }
  const verdict = part("verdict");
  verdict.className = `badge ${signal ? (texts.length ? "badge--warn" : "badge--good") : ""}`;
  verdict.textContent = signal ? (texts.length ? "Needs attention" : "Good") : "No signal";
  showEmptiness();
}

function addNotice(notice) {
  part("notices").prepend(noticeFrom("notice-template", notice.text));
  showEmptiness();
}

function showEmptiness() {
  part("no-notices").hidden = Boolean(part("warnings").children.length || part("notices").children.length);
}

function noticeFrom(template, text) {
  const element = document.getElementById(template).content.firstElementChild.cloneNode(true);
  element.lastElementChild.textContent = text;
  return element;
}

function plot(kbps) {
  bitrates.push(kbps);
  if (bitrates.length > PLOT_POINTS) bitrates.shift();
  const top = Math.max(...bitrates) * 1.15;
  const from = PLOT_POINTS - bitrates.length;
  const points = bitrates.map((value, index) => `${from + index},${(PLOT_HEIGHT * (1 - value / top)).toFixed(1)}`);
  part("plot").setAttribute("d", `M${points.join("L")}`);
  part("plot-area").setAttribute("d", `M${from},${PLOT_HEIGHT}L${points.join("L")}L${PLOT_POINTS - 1},${PLOT_HEIGHT}Z`);
  part("plot-top").textContent = `up to ${count(Math.round(Math.max(...bitrates)))} kb/s`;
}

// Without a reload, which would stop the preview.
part("marker-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const field = event.target.elements.text;
  try {
    await callApi("POST", `/api/v1/streams/${page.dataset.login}/markers`, { text: field.value });
    field.value = "";
    toast("Marked. A chapter of the recording begins here.", "success");
  } catch (error) {
    toast(error.message, "error");
  }
});

showState(JSON.parse(document.getElementById("watch-state").textContent));
if (state === "live") showHealth(JSON.parse(document.getElementById("health-state").textContent));
const events = new ChannelEvents(page.dataset.login);
events.addEventListener("state", (event) => showState(event.detail));
events.addEventListener("viewers", (event) => showViewers(event.detail.viewers));
events.addEventListener("health", (event) => showHealth(event.detail));
events.addEventListener("notice", (event) => addNotice(event.detail));
events.addEventListener("connection", (event) => {
  player.root.querySelector("[data-connection]").hidden = event.detail.connected;
});
