// The watch page: the player and the words around it, changed by the channel's events.

import { ClipEditor } from "../player/clip_editor.js";
import { mountPlayer } from "../player/player.js";
import { ChannelEvents } from "../shared/channel_events.js";
import { Elsewhere } from "../shared/elsewhere.js";
import { count } from "../shared/format.js";
import { showLocalTimes } from "../shared/local_times.js";
import { RaidBanner } from "../shared/raid_banner.js";
import { recall, remember } from "../shared/storage.js";

const page = document.getElementById("watch");
const part = (name) => page.querySelector(`[data-${name}]`);
const player = mountPlayer(document.getElementById("player"));
new ClipEditor(player, document.getElementById("clip-editor"));
const events = new ChannelEvents(page.dataset.login);
player.root.append(part("raid")); // so that it is there in full screen, too
const elsewhere = new Elsewhere(player, part("hosting"), events);
const raids = new RaidBanner(part("raid"), { events, elsewhere, comeBack: () => showState(latest) });
let latest = null;

function showState(state) {
  latest = state;
  if (!elsewhere.host(state.hosting)) player.setWatch(state);
  raids.show(state.raid);
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

showLocalTimes();
showState(JSON.parse(document.getElementById("watch-state").textContent));
events.addEventListener("state", (event) => showState(event.detail));
events.addEventListener("viewers", (event) => showViewers(event.detail.viewers));
events.addEventListener("connection", (event) => {
  player.root.querySelector("[data-connection]").hidden = event.detail.connected;
});
player.video.addEventListener("playing", () => (events.hasWatched = true)); // also what the channel hosts
player.addEventListener("theatre", (event) => setTheatre(event.detail));
const raid = Number(new URLSearchParams(location.search).get("raid"));
if (Number.isSafeInteger(raid) && raid > 0) {
  events.arriveBy(raid);
  history.replaceState(history.state, "", location.pathname);
}
if (recall("theatre") === "yes") player.controls.toggleTheatre();
