// The watch page: the player and the words around it, changed by the channel's events.

import { ClipEditor } from "../player/clip_editor.js";
import { mountPlayer } from "../player/player.js";
import { ChannelEvents } from "../shared/channel_events.js";
import { count } from "../shared/format.js";
import { recall, remember } from "../shared/storage.js";

const page = document.getElementById("watch");
const part = (name) => page.querySelector(`[data-${name}]`);
const player = mountPlayer(document.getElementById("player"));
new ClipEditor(player, document.getElementById("clip-editor"));
const events = new ChannelEvents(page.dataset.login);

function showState(state) {
  player.setWatch(state);
  const onAir = ["live", "reconnecting"].includes(state.state);
  part("on-air").hidden = !onAir;
  if (state.started_at) part("on-air").querySelector("time").dateTime = state.started_at;
  if (state.title) part("stream-title").textContent = state.title;
  part("category").textContent = state.category || "";
  part("category").hidden = !state.category;
  showViewers(state.viewers);
}

function showViewers(viewers) {
  part("viewers").textContent = count(viewers);
}

function setTheatre(on) {
  document.documentElement.dataset.theatre = String(on);
  remember("theatre", on ? "yes" : "no");
}

showState(JSON.parse(document.getElementById("watch-state").textContent));
events.addEventListener("state", (event) => showState(event.detail));
events.addEventListener("viewers", (event) => showViewers(event.detail.viewers));
events.addEventListener("connection", (event) => {
  player.root.querySelector("[data-connection]").hidden = event.detail.connected;
});
events.follow(player.video);
player.addEventListener("theatre", (event) => setTheatre(event.detail));
if (recall("theatre") === "yes") player.controls.toggleTheatre();
