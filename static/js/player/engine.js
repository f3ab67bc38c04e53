// Feeds the <video>: hls.js where it runs, the browser's own HLS elsewhere (iPhones before iOS 17.1).
//
// Both engines: load(sources, where), renew(sources), stop(), and getters for what the controls show. Network trouble is never
// final for a live picture: it goes on by itself. `onProblem({title, text})` is for what only the viewer can solve.

import { LiveAbr } from "./live_abr.js";
import { paceFor } from "./pace.js";
import { preferences } from "./preferences.js";
import { promptSound } from "./prompt_sound.js";
import { rangesOf } from "./stall.js";
import { timeAt, unixAt } from "./wall_clock.js";

const TOKEN = /(\/media\/)[^/]+(\/)/;
const RESTART_MS = 1000;
const RENEW_EVERY_MS = 2000;
const RECOVER_WINDOW_MS = 5000;
const PACE_MS = 100;
const SLIDES_AWAY_SECONDS = 4; // the oldest segments leave the playlist while they are asked for

export function createEngine(video, options) {
  if (window.Hls && window.Hls.isSupported()) return new HlsEngine(video, options);
  if (video.canPlayType("application/vnd.apple.mpegurl")) return new NativeEngine(video, options);
  return null;
}

// A playlist request may be held for seconds while nothing new exists; 503 and a refused connection mean "ask again".
function retryPolicy({ live, firstByteMs, loadMs }) {
  const retry = { maxNumRetry: live ? Infinity : 5, retryDelayMs: 250, maxRetryDelayMs: live ? 500 : 4000, backoff: "linear" };
  const shouldRetry = (policy, count, _isTimeout, response) => {
    const status = response ? response.code : 0;
    if (status === 404 || status === 410) return live && count < 4;
    return Boolean(policy) && count < policy.maxNumRetry;
  };
  return {
    default: {
      maxTimeToFirstByteMs: firstByteMs,
      maxLoadTimeMs: loadMs,
      timeoutRetry: { ...retry, retryDelayMs: 0, shouldRetry },
      errorRetry: { ...retry, shouldRetry },
    },
  };
}

class HlsEngine {
  constructor(video, options) {
    this.video = video;
    this.options = options;
    this.hls = null;
    this.sources = null;
    this.inDvr = false;
    this.chosen = -1; // quality, by hand
    this.renewedAt = 0;
    this.recoveries = [];
    this.lowLatency = options.live && (options.lowLatency ?? preferences.lowLatency());
    addEventListener("pagehide", () => this.hls && preferences.keepBandwidth(this.hls.bandwidthEstimate));
  }

  config(beginAt) {
    const { live, capToSize = false } = this.options;
    return {
      lowLatencyMode: this.lowLatency && !this.inDvr,
      maxLiveSyncPlaybackRate: 1, // see keepPace()
      backBufferLength: 30,
      // Our media needs no remuxing, only a look at its boxes: a worker would cost 150 ms at the start and save nothing.
      enableWorker: false,
      audioStreamController: promptSound(),
      ...(live ? { abrController: LiveAbr, beginAt } : { startPosition: beginAt ?? -1 }),
      abrEwmaDefaultEstimate: preferences.bandwidth(),
      abrEwmaDefaultEstimateMax: 30_000_000,
      testBandwidth: false,
      startLevel: -1,
      capLevelToPlayerSize: capToSize,
      manifestLoadPolicy: retryPolicy({ live, firstByteMs: 15_000, loadMs: 20_000 }),
      playlistLoadPolicy: retryPolicy({ live, firstByteMs: 12_000, loadMs: 20_000 }),
      fragLoadPolicy: retryPolicy({ live: false, firstByteMs: 9000, loadMs: 60_000 }),
      xhrSetup: (xhr, url) => xhr.open("GET", this.withToken(url), true),
    };
  }

  // Requests carry the newest token, so that a renewed one needs no reload of the source.
  withToken(url) {
    const token = this.url && TOKEN.exec(this.url);
    return token ? url.replace(TOKEN, token[0]) : url;
  }

  // `sources`: {hls, dvr}, the addresses of the live edge and of what may be rewound to. Live unless `inDvr`;
  // from the Unix time `beginAt` where one is given; of a recording from that second, so that nothing before it
  // is loaded.
  load(sources, { inDvr = false, beginAt = null } = {}) {
    this.stop();
    this.sources = sources;
    this.inDvr = inDvr;
    const hls = new window.Hls(this.config(beginAt));
    this.hls = hls;
    hls.on(window.Hls.Events.ERROR, (_event, error) => this.onError(hls, error));
    hls.on(window.Hls.Events.MANIFEST_PARSED, () => {
      if (this.chosen > -1) hls.nextLevel = this.chosen;
      this.options.onReady();
    });
    hls.on(window.Hls.Events.LEVEL_SWITCHED, () => this.options.onQuality());
    hls.loadSource(this.url);
    hls.attachMedia(this.video);
    if (this.options.live) this.paceTimer = setInterval(() => this.keepPace(), PACE_MS);
  }

  keepPace() {
    const { video } = this;
    if (!this.hls || video.paused) return;
    const wanted = this.lowLatency && this.options.followsEdge() && this.latency !== null;
    const late = wanted ? this.latency - this.targetLatency : null;
    const part = this.hls.latestLevelDetails?.partTarget || null;
    const rate = paceFor({ late, ahead: this.ahead, part, starving: this.hls.abrController.starving });
    if (video.playbackRate !== rate) video.playbackRate = rate;
  }

  // Seconds of picture and sound after the play head.
  get ahead() {
    return aheadOf(this.video);
  }

  renew(sources) {
    this.sources = sources;
  }

  get url() {
    return this.sources && (this.inDvr ? this.sources.dvr : this.sources.hls);
  }

  stop() {
    clearTimeout(this.restartTimer);
    clearInterval(this.paceTimer);
    this.hls?.destroy();
    this.hls = null;
    this.sources = null;
  }

  onError(hls, error) {
    if (hls !== this.hls) return;
    const status = error.response ? error.response.code : 0;
    if (error.details === window.Hls.ErrorDetails.FRAG_GAP) this.leaveGap();
    if (status === 401 || status === 403) this.askForToken();
    if (!error.fatal) return;
    const { ErrorTypes } = window.Hls;
    if (error.type === ErrorTypes.MEDIA_ERROR) this.recoverMedia();
    else if (error.type === ErrorTypes.NETWORK_ERROR && !this.options.live && status !== 403) this.giveUp(status);
    else this.restartLater();
  }

  // hls.js itself goes over to Auto where the quality chosen by hand has no segments.
  leaveGap() {
    if (this.chosen < 0 || !this.hls.autoLevelEnabled || this.options.isAway()) return;
    this.chosen = -1;
    this.options.onQualityGone();
  }

  // The encoder is back: what had gaps may be whole again.
  comeBack() {
    if (!this.hls) return;
    this.hls.abrController.forgive();
    if (this.chosen > -1) this.hls.nextLevel = this.chosen;
    this.resetTarget();
  }

  async askForToken() {
    if (performance.now() - this.renewedAt < RENEW_EVERY_MS) return;
    this.renewedAt = performance.now();
    const sources = await this.options.renewSources();
    if (sources && this.url) this.renew(sources);
  }

  restartLater() {
    clearTimeout(this.restartTimer);
    this.restartTimer = setTimeout(() => {
      if (!this.hls) return;
      if (this.hls.levels.length) this.hls.startLoad();
      else this.hls.loadSource(this.url);
    }, RESTART_MS);
  }

  // First the repair that keeps the picture, then a new instance, then the viewer is told.
  recoverMedia() {
    const now = performance.now();
    this.recoveries = [...this.recoveries.filter((at) => now - at < RECOVER_WINDOW_MS), now];
    if (this.recoveries.length === 1) this.hls.recoverMediaError();
    else if (this.recoveries.length <= 3) this.load(this.sources, { inDvr: this.inDvr, beginAt: this.place });
    else this.options.onProblem({ title: "This picture cannot be decoded", text: "Your browser stopped at it. Try again, or choose another quality." });
  }

  // Where to go on with another instance, as `load` takes it.
  get place() {
    if (!this.options.live) return this.video.currentTime;
    return this.inDvr ? this.now : null;
  }

  giveUp(status) {
    const gone = status === 404 || status === 410;
    this.options.onProblem(
      gone
        ? { title: "This recording is not available", text: "It may still be being written, or it was deleted." }
        : { title: "The connection is lost", text: "Check your network, then try again." },
    );
  }

  setLowLatency(low) {
    this.lowLatency = low;
    if (!this.hls || this.inDvr) return;
    this.hls.lowLatencyMode = low;
    this.resetTarget();
  }

  // The distance to the live edge that the playlist asks for, or null.
  get wantedLatency() {
    const details = this.hls?.latestLevelDetails;
    if (!details || !details.live) return null;
    return (this.hls.lowLatencyMode && details.partHoldBack) || details.holdBack || 3 * details.targetduration;
  }

  // hls.js keeps a second more distance after each stall. That is right for a weak line, wrong after an encoder's drop.
  resetTarget() {
    if (this.wantedLatency !== null) this.hls.targetLatency = this.wantedLatency;
  }

  toEdge() {
    if (this.edge !== null) this.video.currentTime = this.edge;
  }

  get edge() {
    return this.hls?.liveSyncPosition ?? null;
  }

  // --- By the streamer's clock, in Unix seconds

  get fragments() {
    return this.hls?.latestLevelDetails?.fragments || [];
  }

  // What the loaded playlist reaches over, or null.
  get span() {
    const details = this.hls?.latestLevelDetails;
    if (!details || !details.live) return null;
    const [start, edge] = [unixAt(this.fragments, details.fragmentStart), unixAt(this.fragments, details.edge)];
    return start === null ? null : { start, edge: edge + details.age };
  }

  get now() {
    return unixAt(this.fragments, this.video.currentTime);
  }

  unixAt(time) {
    return unixAt(this.fragments, time);
  }

  covers(unix) {
    const { span } = this;
    return span !== null && unix >= span.start + SLIDES_AWAY_SECONDS && unix <= span.edge;
  }

  seekTo(unix) {
    const time = timeAt(this.fragments, unix);
    if (time !== null) this.video.currentTime = time;
  }

  get latency() {
    return this.hls?.latestLevelDetails ? this.hls.latency : null;
  }

  get targetLatency() {
    return this.hls?.targetLatency ?? null;
  }

  get qualities() {
    return (this.hls?.levels || []).map((level, index) => ({ index, level, label: labelOf(level) })).reverse();
  }

  get quality() {
    return this.chosen;
  }

  set quality(index) {
    this.chosen = index;
    if (this.hls) this.hls.nextLevel = index;
  }

  get shownLevel() {
    const { hls } = this;
    return hls ? hls.levels[hls.currentLevel] || null : null;
  }

  get shownLabel() {
    return this.shownLevel ? labelOf(this.shownLevel) : "";
  }

  // What is loaded: the newest parts, whole segments, or what lies behind the edge.
  get mode() {
    if (this.inDvr) return "Rewound";
    return this.hls?.lowLatencyMode && this.hls.latestLevelDetails?.partList ? "Parts" : "Segments";
  }

  get bandwidth() {
    return this.hls ? this.hls.bandwidthEstimate : 0;
  }
}

// Seconds of picture and sound after the play head.
function aheadOf({ currentTime, buffered }) {
  const here = rangesOf(buffered).find(([start, end]) => start <= currentTime + 0.1 && currentTime <= end);
  return here ? here[1] - currentTime : 0;
}

function labelOf(level) {
  const rate = Number(level.frameRate) || 0;
  const size = level.height ? `${level.height}p${rate > 45 ? Math.round(rate) : ""}` : "Audio";
  return /\/source\//.test(level.uri) ? `${size} (source)` : size;
}

class NativeEngine {
  constructor(video, options) {
    this.video = video;
    this.options = options;
    this.hls = null;
    this.url = null;
    this.span = null;
    this.now = null;
    this.inDvr = false;
    this.lowLatency = true;
    this.qualities = [];
    this.quality = -1;
    this.shownLevel = null;
    this.shownLabel = "";
    this.bandwidth = 0;
    this.targetLatency = null;
    this.wantedLatency = null;
    video.addEventListener("error", () => this.url && this.retry());
    video.addEventListener("loadedmetadata", () => this.url && this.begin());
  }

  load({ hls }, { beginAt = null } = {}) {
    this.url = hls;
    this.beginAt = beginAt;
    this.video.src = hls;
    this.options.onReady();
  }

  begin() {
    if (this.beginAt !== null) this.video.currentTime = this.beginAt;
    this.options.onReady();
  }

  renew({ hls }) {
    this.url = hls; // used by the next retry; the player in the browser keeps its own until then
  }

  stop() {
    clearTimeout(this.timer);
    this.url = null;
    this.video.removeAttribute("src");
    this.video.load();
  }

  retry() {
    clearTimeout(this.timer);
    this.timer = setTimeout(async () => {
      const sources = await this.options.renewSources();
      const beginAt = this.options.live ? null : this.video.currentTime;
      if (this.url) this.load(sources || { hls: this.url }, { beginAt });
    }, RENEW_EVERY_MS);
  }

  setLowLatency() {}

  comeBack() {}

  covers() {
    return false;
  }

  unixAt() {
    return null;
  }

  resetTarget() {}

  toEdge() {
    if (this.edge !== null) this.video.currentTime = this.edge;
  }

  get ahead() {
    return aheadOf(this.video);
  }

  get edge() {
    const { seekable } = this.video;
    return this.options.live && seekable.length ? seekable.end(seekable.length - 1) : null;
  }

  get latency() {
    return null;
  }
}
