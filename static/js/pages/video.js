// A recording: plays at once, from where this viewer left it, with what was said in the chat beside it.

import { Replay } from "../chat/replay.js";
import { ClipEditor } from "../player/clip_editor.js";
import { mountPlayer } from "../player/player.js";
import { preferences } from "../player/preferences.js";

const player = mountPlayer(document.getElementById("player"));
const playback = JSON.parse(document.getElementById("playback").textContent);
new ClipEditor(player, document.getElementById("clip-editor"));

function resume() {
  const { resumeKey } = player.root.dataset;
  const at = resumeKey ? preferences.resumeAt(resumeKey) : 0;
  if (at > 0 && at < player.video.duration) player.video.currentTime = at;
}

player.video.addEventListener("loadedmetadata", resume, { once: true });
if (playback) player.usePlayback(playback);
else player.setFacts({ problem: { title: "This recording is not ready", text: "It is still being written. Try again in a moment." } });

const chat = document.querySelector("[data-chat-replay]");
if (chat) {
  const startedAt = Number(chat.dataset.startedAt);
  // A browser that plays HLS by itself tells no dates; then breaks of the encoder's shift the chat.
  const now = () => (player.video.readyState ? (player.engine?.now ?? startedAt + player.video.currentTime) - startedAt : null);
  new Replay(chat, { url: chat.dataset.chatReplay, now });
}
