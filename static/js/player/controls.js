// The control bar: buttons, volume, seek bar, and hiding while nobody needs them.

import { clock } from "../shared/format.js";
import { preferences } from "./preferences.js";
import { SeekBar } from "./seek_bar.js";
import { SettingsMenu } from "./settings_menu.js";
import { LiveTimeline, RecordingTimeline } from "./timelines.js";

const HIDE_AFTER_MS = 2600;

export class Controls {
  constructor(player) {
    this.player = player;
    this.root = player.root;
    this.video = player.video;
    this.part = (name) => this.root.querySelector(`[data-${name}]`);
    this.menu = new SettingsMenu(player, this.part("settings"), this.part("settings-menu"));
    this.bindButtons();
    this.bindPicture();
    this.bindVolume();
    this.bindCaptions();
    const timeline = player.live ? new LiveTimeline(player) : new RecordingTimeline(player);
    if (this.part("seek")) this.seekBar = new SeekBar(player, timeline, this.part);
    this.video.addEventListener("play", () => this.showPlaying());
    this.video.addEventListener("pause", () => this.showPlaying());
    document.addEventListener("fullscreenchange", () => this.showFullscreen());
    player.addEventListener("screen", () => this.wake());
    this.showPlaying();
    this.showVolume();
    this.wake();
  }

  bindButtons() {
    this.part("play").addEventListener("click", () => this.player.togglePlay());
    this.part("live")?.addEventListener("click", () => this.player.toEdge());
    this.part("fullscreen").addEventListener("click", () => this.toggleFullscreen());
    this.part("theatre")?.addEventListener("click", () => this.toggleTheatre());
    const pip = this.part("pip");
    pip.hidden = !document.pictureInPictureEnabled;
    pip.addEventListener("click", () => this.togglePip());
    // After a mouse click the focus leaves the button, or the space bar would press it again instead of pausing.
    this.part("bar").addEventListener("click", (event) => {
      if (event.detail > 0 && event.target.closest("button") && !this.menu.open) this.video.focus({ preventScroll: true });
    });
  }

  // A mouse click plays or pauses, a tap only shows the controls.
  bindPicture() {
    let tapped = false;
    this.video.addEventListener("pointerup", (event) => {
      tapped = event.pointerType !== "mouse";
    });
    this.video.addEventListener("click", () => (tapped ? this.toggleAwake() : this.player.togglePlay()));
    this.video.addEventListener("dblclick", () => this.toggleFullscreen());
    for (const name of ["pointermove", "pointerdown", "focusin", "focusout", "keydown"]) {
      this.root.addEventListener(name, (event) => event.pointerType === "touch" || this.wake());
    }
    this.root.addEventListener("pointerleave", (event) => event.pointerType === "mouse" && this.sleep());
  }

  wake() {
    this.root.dataset.awake = "";
    clearTimeout(this.sleepTimer);
    this.sleepTimer = setTimeout(() => this.sleep(), HIDE_AFTER_MS);
  }

  sleep() {
    const focused = this.part("bar").querySelector(":focus-visible");
    if (this.video.paused || focused || this.menu.open || this.seekBar?.scrubbing) return;
    delete this.root.dataset.awake;
  }

  toggleAwake() {
    if ("awake" in this.root.dataset) this.sleep();
    else this.wake();
  }

  // --- Captions, where the broadcast has some

  bindCaptions() {
    const tracks = this.video.textTracks;
    for (const name of ["addtrack", "removetrack", "change"]) tracks.addEventListener(name, () => this.showCaptions());
    this.part("captions").addEventListener("click", () => this.toggleCaptions());
    this.showCaptions();
  }

  get captions() {
    return [...this.video.textTracks].filter(({ kind }) => kind === "captions" || kind === "subtitles");
  }

  toggleCaptions() {
    const { captions } = this;
    const shown = captions.some(({ mode }) => mode === "showing");
    captions.forEach((track, index) => {
      track.mode = !shown && index === 0 ? "showing" : "disabled";
    });
  }

  showCaptions() {
    const { captions } = this;
    this.part("captions").hidden = captions.length === 0;
    this.part("captions").setAttribute("aria-pressed", String(captions.some(({ mode }) => mode === "showing")));
  }

  // --- Volume

  bindVolume() {
    const range = this.part("volume");
    range.addEventListener("input", () => {
      this.video.volume = Number(range.value);
      this.video.muted = this.video.volume === 0;
      this.volumeChosen();
    });
    this.part("mute").addEventListener("click", () => this.toggleMute());
    this.video.addEventListener("volumechange", () => this.showVolume());
  }

  toggleMute() {
    if (this.video.muted || this.video.volume === 0) {
      this.player.unmute();
      return;
    }
    this.video.muted = true;
    this.volumeChosen();
  }

  changeVolume(step) {
    this.video.volume = Math.min(Math.max(this.video.volume + step, 0), 1);
    this.video.muted = this.video.volume === 0;
    this.volumeChosen();
    this.wake();
  }

  volumeChosen() {
    this.part("unmute").hidden = true;
    preferences.keepVolume(this.video);
  }

  // Also looked at on each tick: loading a source swallows a `volumechange` that was on its way.
  showVolume() {
    const loudness = this.video.muted ? 0 : this.video.volume;
    if (loudness === this.shownLoudness) return;
    this.shownLoudness = loudness;
    this.root.dataset.volume = loudness === 0 ? "muted" : loudness < 0.5 ? "low" : "loud";
    const range = this.part("volume");
    range.value = String(loudness);
    range.style.setProperty("--done", `${loudness * 100}%`);
    this.part("mute").setAttribute("aria-label", loudness === 0 ? "Unmute" : "Mute");
    if (loudness > 0) this.part("unmute").hidden = true;
  }

  // --- What changes by itself

  refresh() {
    this.showVolume();
    this.seekBar?.refresh();
    const { player } = this;
    if (!player.live) {
      this.part("time").textContent = clock(this.video.currentTime);
      this.part("duration").textContent = clock(this.video.duration);
      return;
    }
    const text = player.facts.picture ? this.delayText() : "";
    const output = this.part("latency");
    if (output.textContent !== text) output.textContent = text;
    this.part("live").dataset.edge = String(player.atEdge && player.facts.channel === "live");
  }

  // Tenths are of interest at the edge only.
  delayText() {
    const { span, now } = this.player.place;
    if (!this.player.atEdge && span && now !== null) return `−${clock(span.edge - now)}`;
    const { latency } = this.player.engine || {};
    return latency === null || latency === undefined ? "" : `${latency.toFixed(1)} s`;
  }

  showPlaying() {
    const playing = !this.video.paused;
    this.root.dataset.playing = String(playing);
    this.part("play").setAttribute("aria-label", playing ? "Pause" : "Play");
    this.wake();
  }

  // --- Sizes

  toggleFullscreen() {
    if (document.fullscreenElement) document.exitFullscreen();
    else if (this.root.requestFullscreen) this.root.requestFullscreen().then(() => this.turnScreen()).catch(() => {});
    else this.video.webkitEnterFullscreen?.(); // iPhone: only the video itself can
  }

  // Phones that can: as the picture lies. The browser turns it back when full screen ends.
  turnScreen() {
    const { videoWidth, videoHeight } = this.video;
    return screen.orientation?.lock?.(videoWidth > videoHeight ? "landscape" : "portrait");
  }

  showFullscreen() {
    const full = document.fullscreenElement === this.root;
    this.root.dataset.full = String(full);
    this.part("fullscreen").setAttribute("aria-label", full ? "Leave full screen" : "Full screen");
  }

  toggleTheatre() {
    const button = this.part("theatre");
    if (!button) return;
    const on = button.getAttribute("aria-pressed") !== "true";
    button.setAttribute("aria-pressed", String(on));
    this.player.dispatchEvent(new CustomEvent("theatre", { detail: on }));
  }

  togglePip() {
    if (document.pictureInPictureElement) document.exitPictureInPicture();
    else this.video.requestPictureInPicture?.().catch(() => {});
  }
}
