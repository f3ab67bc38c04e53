// The statistics over the picture, for people who want to know why.

import { bitrate } from "../shared/format.js";

export class Stats {
  constructor(player) {
    this.player = player;
    this.list = player.root.querySelector("[data-stats]");
    this.values = new Map();
  }

  get shown() {
    return !this.list.hidden;
  }

  toggle() {
    this.list.hidden = !this.list.hidden;
    this.refresh();
  }

  refresh() {
    if (!this.shown) return;
    for (const [name, text] of Object.entries(this.rows())) this.set(name, text);
  }

  set(name, text) {
    if (!this.values.has(name)) {
      const term = document.createElement("dt");
      const value = document.createElement("dd");
      term.textContent = name;
      this.list.append(term, value);
      this.values.set(name, value);
    }
    this.values.get(name).textContent = text;
  }

  rows() {
    const { video, engine, live, stalls } = this.player;
    const level = engine?.shownLevel;
    const quality = video.getVideoPlaybackQuality?.() || { droppedVideoFrames: 0, totalVideoFrames: 0 };
    const rows = {
      Resolution: video.videoWidth ? `${video.videoWidth}×${video.videoHeight}` : "–",
      Quality: engine?.shownLabel || "–",
      "Frame rate": level && level.frameRate ? `${Math.round(level.frameRate * 100) / 100} fps` : "–",
      Bitrate: level ? bitrate(level.bitrate) : "–",
      Connection: bitrate(engine?.bandwidth),
      Buffer: `${(engine?.ahead ?? 0).toFixed(2)} s`,
      "Dropped frames": `${quality.droppedVideoFrames} of ${quality.totalVideoFrames}`,
      Stalls: String(stalls),
      Codecs: level ? [level.videoCodec, level.audioCodec].filter(Boolean).join(", ") : "–",
    };
    if (!live) return rows;
    const { latency, targetLatency } = engine || {};
    return {
      Latency: latency === null || latency === undefined ? "–" : `${latency.toFixed(2)} s (aims at ${(targetLatency || 0).toFixed(2)} s)`,
      ...rows,
      Speed: `${video.playbackRate.toFixed(2)}×`,
      Mode: engine?.mode || "–",
    };
  }
}
