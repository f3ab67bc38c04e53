// hls.js asks this which quality to load while live (its `abrController`); the rules are in level_choice.js.

import { Bandwidth } from "./bandwidth.js";
import { chooseLevel } from "./level_choice.js";
import { timeAt } from "./wall_clock.js";

const WATCH_MS = 100;
const FIRST_LOOK_MS = 150;
const PENALTY_MS = 10_000; // how long a quality that failed, or has gaps, is left alone; twice as long each time
const PENALTY_MAX_MS = 60_000;
const TELLING_BYTES = 24_000;
const COMFORT_SECONDS = 0.6;
const CALM_MS = 1500; // after falling; twice as long after each fall that follows a climb
const CALM_MAX_MS = 60_000;
const REGRET_MS = 5000;
const EARLY_SECONDS = 0.001;
const MISALIGNED_SECONDS = 0.1; // more is no rounding

export class LiveAbr {
  constructor(hls) {
    this.hls = hls;
    this.bwEstimator = new Bandwidth(hls.config.abrEwmaDefaultEstimate);
    this.reset();
    const { Events, ErrorDetails } = window.Hls;
    const { beginAt } = hls.config;
    this.listeners = [
      // Here because these listeners are called before those of hls.js, which take the place as the playlist's own wish.
      [Events.LEVEL_LOADED, (_event, { details }) => beginPlaylistAt(details, beginAt)],
      [Events.AUDIO_TRACK_LOADED, (_event, { details }) => beginPlaylistAt(details, beginAt)],
      [Events.MANIFEST_LOADING, () => this.reset()],
      [Events.LEVEL_UPDATED, (_event, { details }) => this.align(details)],
      [Events.ERROR, (_event, { details, frag }) => details === ErrorDetails.FRAG_GAP && this.noteGap(frag)],
      [Events.FRAG_LOADING, (_event, { frag, part }) => this.onLoading(frag, part)],
      [Events.FRAG_LOADED, (_event, { frag, part }) => this.onLoaded(frag, part)],
    ];
    for (const [event, listener] of this.listeners) hls.on(event, listener);
  }

  reset() {
    this.stopWatching();
    this.forced = -1;
    this.chosen = -1;
    this.current = -1;
    this.last = null;
    this.starving = false;
    this.gaps = new Map(); // of a level: {until, penaltyMs}
    this.climbedAt = -Infinity;
    this.fellAt = -Infinity;
    this.calmMs = CALM_MS;
  }

  destroy() {
    this.stopWatching();
    for (const [event, listener] of this.listeners) this.hls.off(event, listener);
  }

  // --- What hls.js asks

  get firstAutoLevel() {
    return this.nextAutoLevel;
  }

  get forcedAutoLevel() {
    return this.forced;
  }

  get nextAutoLevel() {
    if (this.forced > -1) return this.forced;
    // One first choice, or each little sound that comes meanwhile would begin it anew.
    const first = this.current < 0 && this.levels()[this.chosen]?.usable;
    if (!first) this.chosen = this.choose();
    return this.chosen;
  }

  // hls.js hands back what it was told, which forces nothing; something else it does after an error.
  set nextAutoLevel(level) {
    if (level !== this.chosen) this.forced = this.within(level);
  }

  resetEstimator(estimate) {
    this.bwEstimator = new Bandwidth(estimate || this.hls.config.abrEwmaDefaultEstimate);
  }

  // --- Choosing

  choose(changes = {}) {
    return this.within(
      chooseLevel({
        levels: this.levels(),
        current: this.current,
        bandwidth: this.bwEstimator.getEstimate(),
        mayClimb: performance.now() - this.fellAt > this.calmMs,
        ahead: this.ahead(),
        delay: this.bwEstimator.delayMs / 1000,
        ...this.place(),
        ...changes,
      }),
    );
  }

  levels() {
    const { levels, minAutoLevel, maxAutoLevel } = this.hls;
    const now = performance.now();
    const pictures = levels.some(({ height }) => height);
    const allowed = levels.map(({ height }, index) => index >= minAutoLevel && index <= maxAutoLevel && (!pictures || height > 0));
    const working = allowed.map((one, index) => one && !failedLately(levels[index], now) && !(this.gaps.get(index)?.until > now));
    const usable = working.includes(true) ? working : allowed;
    return levels.map(({ maxBitrate, averageBitrate }, index) => ({ rate: maxBitrate, average: averageBitrate, usable: usable[index] }));
  }

  // A quality that is not made at the moment has gaps for segments. Each look at it costs a little of the buffer.
  noteGap({ type, level }) {
    if (type !== "main") return;
    const penaltyMs = Math.min(2 * (this.gaps.get(level)?.penaltyMs || PENALTY_MS / 2), PENALTY_MAX_MS);
    this.gaps.set(level, { penaltyMs, until: performance.now() + penaltyMs });
  }

  // The encoder was away, so that every quality had gaps: it says nothing of any.
  forgive() {
    this.gaps.clear();
    for (const level of this.hls.levels) level.loadError = 0;
  }

  within(level) {
    const { minAutoLevel, maxAutoLevel } = this.hls;
    return Math.min(Math.max(level, minAutoLevel), maxAutoLevel);
  }

  ahead() {
    return this.hls.mainForwardBufferInfo?.len ?? 0;
  }

  // Where in its segment loading stands. A change between two segments needs the next one to be listed already:
  // at the very edge hls.js would load the last segment of the other quality once more.
  place() {
    const details = this.hls.latestLevelDetails;
    const segment = details?.averagetargetduration || details?.targetduration || 2;
    const part = this.hls.config.lowLatencyMode && details?.partTarget ? details.partTarget : segment;
    if (!this.last || !details) return { segment, part, appended: 0, loaded: 0, between: true };
    const { frag, appended } = this.last;
    const { sn } = frag;
    const between = details.endSN > sn || details.partList?.some((one) => one.fragment.sn > sn && one.index === 0) || false;
    return { segment, part, appended, loaded: appended, between };
  }

  // Segments of the same number begin with the same frame in every quality. hls.js takes the place of one it has not
  // played yet from dates, which are rounded: a millisecond too late, and it loads the segment before once more.
  align(details) {
    const known = this.last?.frag;
    const same = details.fragments.find(({ sn }) => sn === known?.sn);
    if (!same || details.PTSKnown) return;
    const shift = known.start - same.start - EARLY_SECONDS;
    if (Math.abs(shift) > MISALIGNED_SECONDS) return;
    for (const frag of [...details.fragments, details.fragmentHint]) frag?.setStart(frag.start + shift);
  }

  // --- Watching what is loaded

  onLoading(frag, part) {
    if (frag.type !== "main" || frag.sn === "initSegment") return;
    this.stopWatching();
    this.timer = setInterval(() => this.watch(frag, part), WATCH_MS);
  }

  stopWatching() {
    clearInterval(this.timer);
  }

  onLoaded(frag, part) {
    if (frag.sn === "initSegment") return;
    const { loading, loaded } = (part || frag).stats;
    this.bwEstimator.sample({ ...loading, bytes: loaded });
    if (frag.type !== "main") return;
    this.stopWatching();
    this.starving &&= loading.end - loading.start > 1000 * (part || frag).duration;
    this.gaps.delete(frag.level);
    if (this.forced === frag.level) this.forced = -1;
    if (frag.level !== this.current) this.noteChange(frag.level);
    this.last = { frag, appended: part ? part.start + part.duration - frag.start : frag.duration };
  }

  noteChange(level) {
    const now = performance.now();
    if (level > this.current) this.climbedAt = now;
    else if (this.current > -1) {
      this.calmMs = now - this.climbedAt < REGRET_MS ? Math.min(this.calmMs * 2, CALM_MAX_MS) : CALM_MS;
      this.fellAt = now;
    }
    this.current = level;
  }

  // A part that comes too slowly is given up for a smaller one before the buffer is empty.
  watch(frag, part) {
    const piece = part || frag;
    const { aborted, loaded, total, loading } = piece.stats;
    const elapsed = performance.now() - loading.start;
    if (aborted || (total && loaded >= total)) this.stopWatching();
    if (aborted || !loading.start || elapsed < FIRST_LOOK_MS) return;
    const size = Math.max(total || (piece.duration * this.hls.levels[frag.level].averageBitrate) / 8, loaded);
    // The first bytes come in one piece and say little; that not all of them are there says more.
    const seconds = (elapsed - Math.min(this.bwEstimator.delayMs, elapsed / 2)) / 1000;
    const bandwidth = Math.min(((loaded > TELLING_BYTES ? loaded : size) * 8) / seconds, this.bwEstimator.getEstimate());
    const left = ((size - loaded) * 8) / bandwidth;
    if (elapsed / 1000 + left < piece.duration) return;
    this.starving = this.ahead() - left < COMFORT_SECONDS;
    const appended = this.last?.frag.sn === frag.sn ? this.last.appended : 0;
    const place = { appended, loaded: appended + (loaded / size) * piece.duration, between: false };
    const choice = this.choose({ current: frag.level, bandwidth, mayClimb: false, ...place });
    // Before the first frame hls.js does not recover from an aborted request.
    const mayGiveUp = this.hls.autoLevelEnabled && frag.loader && this.hls.media?.readyState;
    if (choice < frag.level && mayGiveUp) this.giveUp(frag, choice, piece.stats);
  }

  giveUp(frag, choice, { loading, loaded }) {
    this.stopWatching();
    this.bwEstimator.sample({ ...loading, end: performance.now(), bytes: loaded });
    this.hls.nextLoadLevel = this.nextAutoLevel = choice;
    frag.abortRequests();
  }
}

function beginPlaylistAt(details, unix) {
  if (unix) details.startTimeOffset = Math.max(timeAt(details.fragments, unix) - details.fragmentStart, 0);
}

function failedLately(level, now) {
  return level.loadError > 0 && now - level.loadErrorTime < PENALTY_MS;
}
