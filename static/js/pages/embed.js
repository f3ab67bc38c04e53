// The player in somebody else's page: muted until its viewer wants sound, without a session.

import { mountPlayer } from "../player/player.js";
import { startTime } from "../player/start_time.js";
import { reportView } from "../player/watching.js";
import { ChannelEvents } from "../shared/channel_events.js";

const player = mountPlayer(document.getElementById("player"));
const initial = JSON.parse(document.getElementById("initial").textContent);
const { login, viewsApi, duration } = document.body.dataset;

function showLive() {
  const events = new ChannelEvents(login);
  player.setWatch(initial);
  events.addEventListener("state", (event) => player.setWatch(event.detail));
  events.addEventListener("connection", (event) => {
    player.root.querySelector("[data-connection]").hidden = event.detail.connected;
  });
  events.follow(player.video);
}

function showRecording() {
  reportView(player.video, () => fetch(viewsApi, { method: "POST", credentials: "omit", keepalive: true }));
  player.usePlayback(initial, startTime(location.search, Number(duration)) ?? 0);
}

// The page around it has not asked for noise.
player.video.muted = true;
player.root.querySelector("[data-unmute]").hidden = false;
if (login) showLive();
else showRecording();
