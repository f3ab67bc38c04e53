// The player: one <video>, an engine that feeds it, screens over it, controls under it.

import { callApi } from "../shared/api.js";
import { Controls } from "./controls.js";
import { Cover } from "./cover.js";
import { createEngine } from "./engine.js";
import { listenToKeys } from "./keyboard.js";
import { LivePlace } from "./live_place.js";
import { preferences } from "./preferences.js";
import { announcement, screenFor } from "./screens.js";
import { catchUpTarget, jumpTarget, rangesOf } from "./stall.js";
import { Stats } from "./stats.js";
import { resumePlace } from "./watching.js";

const TICK_MS = 250;
const STUCK_MS = 600; // parts come every 350 ms: a little longer without movement is a stall
const JUMP_AFTER_MS = 1000;
const JUMP_EVERY_MS = 3000;
const CALM_MS = 30_000; // so long without a stall, and the player dares to go closer to the edge again
const CALM_MAX_MS = 480_000; // twice as long after each further stall, up to this
const EDGE_SECONDS = 3; // nearer than this is the edge
const EDGE_OF_DVR_SECONDS = 8; // what may be rewound to ends with the newest whole segment
const RENEW_AT = 0.8; // of a playback address's life
const NOTICE_MS = 6000;
const ON_AIR = ["starting", "live", "reconnecting"];

export class Player extends EventTarget {
  constructor(root) {
    super();
    this.root = root;
    this.video = root.querySelector("video");
    this.live = root.dataset.mode === "live";
    this.facts = { channel: this.live ? "offline" : "recording", picture: false, moving: true, problem: null, finished: false };
    this.streamId = null;
    this.sources = null;
    this.chapters = []; // of a recording: {seconds, title}
    this.startedAt = 0; // Unix seconds
    this.pausedAt = null; // the same, where the viewer paused
    this.expiresAt = null;
    this.pausedByViewer = false;
    this.followsEdge = true;
    this.stalls = 0;
    this.lastTime = -1;
    this.movedAt = performance.now();
    this.jumpedAt = 0;
    this.stalledAt = 0;
    this.calmMs = CALM_MS / 2;
    this.engine = createEngine(this.video, {
      live: this.live,
      onReady: () => this.start(),
      onQuality: () => this.dispatchEvent(new Event("quality")),
      onProblem: (problem) => this.setFacts({ problem }),
      renewSources: () => this.freshSources(),
      followsEdge: () => this.followsEdge,
      isAway: () => this.facts.channel !== "live",
      onQualityGone: () => this.notice("This quality is not made at the moment. Playing another one."),
    });
    this.place = new LivePlace(this);
    if (!this.engine) this.setFacts({ problem: { title: "This browser cannot play live video", text: "Use a current Firefox, Chrome, Edge or Safari." } });
    this.listen();
    this.cover = new Cover(root, this.video);
    this.controls = new Controls(this);
    this.stats = new Stats(this);
    listenToKeys(this);
    setInterval(() => this.tick(), TICK_MS);
  }

  listen() {
    const { video, root } = this;
    video.volume = preferences.volume();
    video.muted = preferences.muted();
    video.addEventListener("playing", () => this.setFacts({ picture: true, moving: true, finished: false }));
    video.addEventListener("loadeddata", () => video.paused && this.setFacts({ picture: true }));
    video.addEventListener("ended", () => this.setFacts({ finished: true }));
    video.addEventListener("seeking", () => this.setFacts({ finished: false }));
    root.querySelector("[data-unmute]").addEventListener("click", () => this.unmute());
    root.querySelector("[data-retry]").addEventListener("click", () => this.retry());
  }

  // --- What is played

  setWatch(watch) {
    const onAir = ON_AIR.includes(watch.state);
    const came = watch.state === "live" && this.facts.channel === "reconnecting";
    if (watch.stream_id !== this.streamId && onAir) {
      this.streamId = watch.stream_id;
      this.stop();
      if (this.engine) this.engine.chosen = -1; // another broadcast has other qualities
      this.setFacts({ picture: false, moving: true, finished: false, problem: null });
    }
    this.startedAt = Date.parse(watch.started_at) / 1000 || 0;
    if (onAir && watch.playback) this.usePlayback(watch.playback);
    if (watch.state === "offline") this.stop();
    if (came) this.engine?.comeBack();
    this.setVodLink(watch.vod_url);
    this.setFacts({ channel: watch.state });
  }

  stop() {
    this.place.forget();
    this.engine?.stop();
  }

  // A recording begins `beginAt` seconds after its beginning.
  usePlayback(playback, beginAt = 0) {
    this.keepSources(playback);
    if (!this.engine) return;
    if (this.engine.url) this.engine.renew(playback);
    else this.engine.load(playback, { beginAt: beginAt || null });
  }

  keepSources(playback) {
    this.sources = playback;
    this.expiresAt = Date.parse(playback.expires_at);
    this.renewLater();
  }

  renewLater() {
    clearTimeout(this.renewTimer);
    const left = this.expiresAt - Date.now();
    if (left > 0) this.renewTimer = setTimeout(() => this.freshSources().then((sources) => sources && this.engine.renew(sources)), left * RENEW_AT);
  }

  // New playback addresses, or null when there are none to be had (the reason is shown if it is one).
  async freshSources() {
    try {
      const playback = await callApi("GET", this.root.dataset.playbackApi);
      this.keepSources(playback);
      return playback;
    } catch (error) {
      if (error.status === 403) this.setFacts({ problem: { title: "You cannot watch this", text: error.message } });
      else if (!this.live && (error.status === 404 || error.status === 410)) {
        this.setFacts({ problem: { title: "This recording is gone", text: "The streamer deleted it or made it private." } });
      }
      return null;
    }
  }

  async retry() {
    this.setFacts({ problem: null, picture: false, moving: true });
    this.place.forget();
    const beginAt = this.live ? null : this.video.currentTime;
    const sources = (await this.freshSources()) || this.sources;
    if (sources && this.engine) this.engine.load(sources, { beginAt });
  }

  setVodLink(url) {
    const link = this.root.querySelector("[data-vod-link]");
    link.hidden = !url;
    if (url) link.href = url;
  }

  // --- Playing

  // With sound if the browser lets us; else muted, with a button that says so.
  async start() {
    this.dispatchEvent(new Event("quality"));
    if (this.pausedByViewer) return;
    const { video } = this;
    try {
      await video.play();
    } catch (error) {
      if (error.name !== "NotAllowedError" || video.muted) return;
      video.muted = true;
      this.root.querySelector("[data-unmute]").hidden = false;
      await video.play().catch(() => {});
    }
  }

  unmute() {
    this.video.muted = false;
    if (this.video.volume === 0) this.video.volume = 0.5;
    this.root.querySelector("[data-unmute]").hidden = true;
    preferences.keepVolume(this.video);
    this.video.play().catch(() => {});
  }

  togglePlay() {
    const { video } = this;
    this.pausedByViewer = !video.paused;
    if (this.pausedByViewer) {
      this.followsEdge = false;
      this.pausedAt = this.place.now;
      video.pause();
      return;
    }
    // What was paused on may have left the live playlist meanwhile.
    if (this.live && this.pausedAt !== null && this.sources?.dvr && !this.engine.covers(this.pausedAt)) this.seekTo(this.pausedAt);
    video.play().catch(() => {});
  }

  seekTo(unix) {
    const { engine, place } = this;
    const { span } = place;
    if (!span) return;
    const wanted = Math.max(unix, span.start);
    if (wanted > span.edge - (engine.inDvr ? EDGE_OF_DVR_SECONDS : EDGE_SECONDS)) {
      this.toEdge();
      return;
    }
    this.followsEdge = false;
    this.pausedAt = wanted;
    place.goTo(wanted);
    if (engine.covers(wanted) || !this.sources.dvr) {
      engine.seekTo(wanted);
    } else {
      this.cover.show();
      engine.load(this.sources, { inDvr: true, beginAt: wanted });
    }
    this.controls.refresh(); // the bar does not wait for the picture
  }

  seekBy(seconds) {
    if (this.place.span && this.place.now !== null) {
      this.seekTo(this.place.now + seconds);
      return;
    }
    const { seekable } = this.video;
    if (!seekable.length) return;
    const most = this.live && this.engine.edge !== null ? this.engine.edge : seekable.end(seekable.length - 1);
    const target = Math.min(Math.max(this.video.currentTime + seconds, seekable.start(0)), most);
    this.followsEdge = this.live && target >= most - 0.1;
    this.video.currentTime = target;
  }

  toEdge() {
    this.followsEdge = true;
    this.pausedByViewer = false;
    this.place.goTo(this.place.span?.edge ?? null);
    if (this.engine?.inDvr) {
      this.cover.show();
      this.engine.load(this.sources);
    } else this.engine?.toEdge();
    this.video.play().catch(() => {});
    this.controls.refresh();
  }

  setLowLatency(low) {
    preferences.keepLowLatency(low);
    this.engine?.setLowLatency(low);
    this.toEdge();
  }

  get atEdge() {
    const { latency, targetLatency, inDvr } = this.engine || {};
    if (inDvr) return false;
    if (this.followsEdge) return true;
    return this.place.sought === null && (latency === null || latency - targetLatency < 2);
  }

  // --- Watching over it

  tick() {
    this.watchProgress();
    this.controls.refresh();
    this.stats.refresh();
    if (!this.live && this.facts.picture) this.keepPlace();
  }

  watchProgress() {
    const { video } = this;
    const now = performance.now();
    if (video.currentTime !== this.lastTime || video.paused) {
      this.lastTime = video.currentTime;
      this.movedAt = now;
      if (!this.facts.moving) this.setFacts({ moving: true });
      if (this.live && !video.paused) this.stayAtEdge(now);
      return;
    }
    if (now - this.movedAt > STUCK_MS && this.facts.moving && this.facts.picture) {
      this.noteStall(now);
    }
    if (this.live && now - this.movedAt > JUMP_AFTER_MS) this.jump(now, jumpTarget(this.position()));
  }

  noteStall(now) {
    this.stalls += 1;
    this.stalledAt = now;
    if (this.facts.channel === "live") this.calmMs = Math.min(this.calmMs * 2, CALM_MAX_MS);
    this.setFacts({ moving: false });
  }

  stayAtEdge(now) {
    const { latency, targetLatency, wantedLatency } = this.engine || {};
    if (!this.followsEdge || !latency || !targetLatency) return;
    if (targetLatency > wantedLatency + 0.1 && now - this.stalledAt > this.calmMs) this.engine.resetTarget();
    this.jump(now, catchUpTarget({ ...this.position(), behind: latency - targetLatency }));
  }

  position() {
    return { now: this.video.currentTime, ranges: rangesOf(this.video.buffered), edge: this.followsEdge && this.engine ? this.engine.edge : null };
  }

  jump(now, target) {
    if (target === null || now - this.jumpedAt < JUMP_EVERY_MS || this.video.seeking) return;
    this.jumpedAt = now;
    this.video.currentTime = target;
  }

  keepPlace() {
    const { resumeKey } = this.root.dataset;
    const { currentTime, duration } = this.video;
    if (!resumeKey || !duration) return;
    preferences.keepResume(resumeKey, resumePlace(currentTime, duration) || null);
  }

  // --- Screens

  // A line over the picture for a moment, for what needs no answer.
  notice(text) {
    const line = this.root.querySelector("[data-notice]");
    line.textContent = text;
    line.hidden = false;
    clearTimeout(this.noticeTimer);
    this.noticeTimer = setTimeout(() => {
      line.hidden = true;
    }, NOTICE_MS);
    this.dispatchEvent(new Event("quality"));
  }

  setFacts(changes) {
    Object.assign(this.facts, changes);
    const { problem } = this.facts;
    if (problem) {
      this.root.querySelector("[data-error-title]").textContent = problem.title;
      this.root.querySelector("[data-error-text]").textContent = problem.text;
    }
    const screen = screenFor(this.facts);
    if (screen === this.root.dataset.screen) return;
    this.root.dataset.screen = screen;
    const words = problem ? `${problem.title}. ${problem.text}` : announcement(screen, this.root.dataset.artist);
    this.root.querySelector("[data-announce]").textContent = words;
    this.dispatchEvent(new CustomEvent("screen", { detail: screen }));
  }
}

export function mountPlayer(root) {
  const player = new Player(root);
  if ("mediaSession" in navigator) {
    const title = player.video.getAttribute("aria-label");
    navigator.mediaSession.metadata = new MediaMetadata({ title, artist: root.dataset.artist });
  }
  window.millracePlayer = {
    get hls() {
      return player.engine ? player.engine.hls : null;
    },
    video: player.video,
    player,
  };
  return player;
}
