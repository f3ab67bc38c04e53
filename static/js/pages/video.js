// A recording: plays at once, from where this viewer left it, with what was said in the chat beside it.

import { Replay } from "../chat/replay.js";
import { ChapterList, ChapterMarks } from "../player/chapters.js";
import { ClipEditor } from "../player/clip_editor.js";
import { mountPlayer } from "../player/player.js";
import { preferences } from "../player/preferences.js";
import { startTime } from "../player/start_time.js";
import { keepPlace, reportView, resumePlace } from "../player/watching.js";
import { callApi } from "../shared/api.js";
import { enlivenShare } from "../shared/share.js";

const page = document.getElementById("video");
const player = mountPlayer(document.getElementById("player"));
const playback = JSON.parse(document.getElementById("playback").textContent);
const { viewsApi, positionApi, resumeAt } = page.dataset;
const duration = Number(page.dataset.duration);
new ClipEditor(player, document.getElementById("clip-editor"));

// Who is signed in has a place on the site, others have one in this browser.
function beginning() {
  const { resumeKey } = player.root.dataset;
  const left = resumeKey ? preferences.resumeAt(resumeKey) : Number(resumeAt);
  return startTime(location.search, duration) ?? resumePlace(left, duration);
}

reportView(player.video, () => callApi("POST", viewsApi));
if (positionApi) keepPlace(player.video, (seconds) => callApi("PUT", positionApi, { seconds }, { keepalive: true }));
enlivenShare(player.video);

if (playback) player.usePlayback(playback, beginning());
else player.setFacts({ problem: { title: "This recording is not ready", text: "It is still being written. Try again in a moment." } });

const chapters = document.querySelector("[data-chapters]");
if (chapters) {
  new ChapterMarks(player).show(JSON.parse(document.getElementById("chapters").textContent));
  new ChapterList(player, chapters);
}

const chat = document.querySelector("[data-chat-replay]");
if (chat) {
  const startedAt = Number(chat.dataset.startedAt);
  // A browser that plays HLS by itself tells no dates; then breaks of the encoder's shift the chat.
  const now = () => (player.video.readyState ? (player.engine?.now ?? startedAt + player.video.currentTime) - startedAt : null);
  new Replay(chat, { url: chat.dataset.chatReplay, now });
}
