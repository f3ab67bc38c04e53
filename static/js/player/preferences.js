// What a viewer chose once and wants again: volume, muted, latency, the bandwidth this connection had.

import { recall, remember } from "../shared/storage.js";

const DEFAULT_BITS_PER_SECOND = 8_000_000;

export const preferences = {
  volume: () => clamp(Number(recall("player.volume", "1")), 0, 1),
  muted: () => recall("player.muted") === "yes",
  keepVolume(video) {
    remember("player.volume", video.volume.toFixed(2));
    remember("player.muted", video.muted ? "yes" : "no");
  },
  lowLatency: () => recall("player.latency", "low") === "low",
  keepLowLatency: (low) => remember("player.latency", low ? "low" : "standard"),
  // A first guess close to the truth picks the right rendition for the very first segment.
  bandwidth: () => clamp(Number(recall("player.bandwidth")) || DEFAULT_BITS_PER_SECOND, 300_000, 30_000_000),
  keepBandwidth: (bits) => Number.isFinite(bits) && bits > 0 && remember("player.bandwidth", Math.round(bits)),
  resumeAt: (key) => Number(recall(`resume.${key}`)) || 0,
  keepResume: (key, seconds) => remember(`resume.${key}`, seconds === null ? null : Math.floor(seconds)),
};

function clamp(number, least, most) {
  return Number.isFinite(number) ? Math.min(Math.max(number, least), most) : most;
}
