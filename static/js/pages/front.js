// The front page: the featured channel plays muted, as long as somebody looks at it.

import { createEngine } from "../player/engine.js";

const section = document.querySelector("[data-featured]");
const calm = matchMedia("(prefers-reduced-motion: reduce)").matches || Boolean(navigator.connection?.saveData);

function playFeatured() {
  const video = section.querySelector("video");
  const button = section.querySelector("[data-featured-pause]");
  const url = section.dataset.playback;
  const engine = createEngine(video, {
    live: true,
    capToSize: true,
    lowLatency: false, // nobody answers a preview, so it need not ask three times a second
    onReady: () => video.play().catch(() => {}),
    onQuality: () => {},
    onProblem: () => engine.stop(),
    renewSources: async () => null,
  });
  if (!engine) return;
  let stopped = false;
  video.addEventListener("playing", () => {
    section.dataset.playing = "";
    button.hidden = false;
  });
  button.addEventListener("click", () => {
    stopped = true;
    engine.stop();
    button.hidden = true;
    delete section.dataset.playing;
  });
  new IntersectionObserver(([entry]) => {
    if (stopped) return;
    if (entry.isIntersecting && !engine.url) engine.load({ hls: url });
    else if (!entry.isIntersecting) engine.stop();
  }).observe(video);
}

if (section?.dataset.playback && !calm) playFeatured();
