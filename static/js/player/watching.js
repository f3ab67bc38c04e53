// Tells the site that a recording is being watched: once after some seconds of playing, and where its viewer is.

const COUNTS_AFTER_SECONDS = 5;
const STEP_SECONDS = 2; // what is longer between two looks was a jump
const KEEP_EVERY_MS = 15_000;
const BEGINNING_SECONDS = 10;
const END_SECONDS = 15;

// `send` is called once. Nothing on the page depends on its answer.
export function reportView(video, send) {
  let played = 0;
  let last = null;
  function look() {
    const step = last === null ? 0 : video.currentTime - last;
    last = video.currentTime;
    if (video.paused || video.seeking || step <= 0 || step > STEP_SECONDS) return;
    played += step;
    if (played < Math.min(COUNTS_AFTER_SECONDS, video.duration / 2)) return;
    video.removeEventListener("timeupdate", look);
    send().catch(() => {});
  }
  video.addEventListener("timeupdate", look);
}

// Where somebody who was at `at` goes on: at the beginning after a few seconds of it, and when he has seen the end.
export function resumePlace(at, duration) {
  return at > BEGINNING_SECONDS && at < duration - END_SECONDS ? at : 0;
}

// Keeps the place every now and then, and when the page is left. `send(seconds)` must outlive the page.
export function keepPlace(video, send) {
  let kept = null;
  function keep() {
    const seconds = Math.floor(video.currentTime);
    if (kept === null || seconds === kept) return;
    kept = seconds;
    send(seconds).catch(() => {});
  }
  // Until it plays there is no place: what is loaded stands at 0 before it goes to where the viewer was.
  video.addEventListener("playing", () => {
    kept ??= Math.floor(video.currentTime);
  });
  video.addEventListener("pause", keep);
  setInterval(keep, KEEP_EVERY_MS);
  addEventListener("pagehide", keep);
  document.addEventListener("visibilitychange", () => document.hidden && keep());
}
