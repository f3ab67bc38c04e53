// Editing a recording: the picture beside the form says where a chapter begins.

import { ChapterMarks } from "../player/chapters.js";
import { mountPlayer } from "../player/player.js";
import { clock } from "../shared/format.js";

const LINE = /^(?:(\d{1,3}):(?=\d\d:))?(\d{1,3}):([0-5]\d)(?:\s+|$)(.*)/;

const player = mountPlayer(document.getElementById("player"));
player.pausedByViewer = true; // here to find places, not to be watched
const playback = JSON.parse(document.getElementById("playback").textContent);
if (playback) player.usePlayback(playback);

const field = document.querySelector("#edit textarea[name=chapters]");
const now = document.querySelector("[data-now]");
const add = document.querySelector("[data-add-chapter]");
const marks = new ChapterMarks(player);

function chapters() {
  const lines = field.value.split("\n").map((line) => line.trim().match(LINE));
  return lines.filter(Boolean).map(([, hours, minutes, seconds, title]) => ({
    seconds: (Number(hours || 0) * 60 + Number(minutes)) * 60 + Number(seconds),
    title,
  }));
}

function showChapters() {
  marks.show(chapters().sort((one, other) => one.seconds - other.seconds));
}

// The new line goes where its time belongs, and is ready for its title.
function addChapter() {
  const seconds = Math.floor(player.video.currentTime);
  const lines = field.value.split("\n").filter((line) => line.trim());
  if (!lines.length && seconds > 0) lines.push("0:00 Beginning");
  const later = lines.findIndex((line) => {
    const [, hours, minutes, rest] = line.trim().match(LINE) || [];
    return minutes !== undefined && (Number(hours || 0) * 60 + Number(minutes)) * 60 + Number(rest) > seconds;
  });
  const place = later < 0 ? lines.length : later;
  lines.splice(place, 0, `${clock(seconds)} `);
  field.value = lines.join("\n");
  const end = lines.slice(0, place + 1).join("\n").length;
  field.focus();
  field.setSelectionRange(end, end);
  showChapters();
}

for (const button of document.querySelectorAll("[data-here]")) {
  button.addEventListener("click", () => {
    button.form.elements[button.dataset.here].value = clock(player.video.currentTime);
  });
}

player.video.addEventListener("timeupdate", () => {
  now.textContent = clock(player.video.currentTime);
});
field.addEventListener("input", showChapters);
add.addEventListener("click", addChapter);
field.closest(".field").append(add.closest("p"));
showChapters();
