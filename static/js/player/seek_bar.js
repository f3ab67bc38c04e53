// The seek bar over a timeline: pointer, keyboard, and what is seen at the place pointed at.

import { chapterAt } from "./chapters.js";
import { Storyboard } from "./storyboard.js";

const STEPS = { ArrowLeft: -5, ArrowDown: -5, ArrowRight: 5, ArrowUp: 5, PageDown: -60, PageUp: 60 };

export class SeekBar {
  constructor(player, timeline, part) {
    this.player = player;
    this.timeline = timeline;
    this.row = part("seek-row");
    this.range = part("seek");
    this.tip = part("seek-tip");
    this.tipTime = part("seek-time");
    this.tipPicture = part("seek-picture");
    this.tipChapter = part("seek-chapter");
    this.scrubbing = false;
    this.storyboard = new Storyboard(() => player.sources?.storyboard);
    this.range.addEventListener("input", () => this.onDrag());
    this.range.addEventListener("change", () => this.onDrop());
    this.range.addEventListener("keydown", (event) => this.onKey(event));
    this.range.addEventListener("pointermove", (event) => this.point(event));
    this.range.addEventListener("pointerleave", () => this.hideTip());
  }

  onDrag() {
    this.scrubbing = true;
    const at = Number(this.range.value);
    if (this.timeline.seeksWhileDragged) this.timeline.seek(at);
    this.show(at);
  }

  onDrop() {
    this.scrubbing = false;
    if (!this.timeline.seeksWhileDragged) this.timeline.seek(Number(this.range.value));
  }

  // A range moves by shares of its length: too far on four hours, too little on a minute.
  onKey(event) {
    const { start, end, now } = this.timeline;
    const places = { Home: start, End: end };
    const step = STEPS[event.key];
    if (step === undefined && !(event.key in places)) return;
    event.preventDefault();
    this.timeline.seek(step === undefined ? places[event.key] : Math.min(Math.max(now + step, start), end));
  }

  point(event) {
    const { start, end } = this.timeline;
    const box = this.range.getBoundingClientRect();
    const share = Math.min(Math.max((event.clientX - box.left) / box.width, 0), 1);
    const at = start + share * (end - start);
    this.tip.hidden = end <= start;
    this.tip.style.setProperty("--at", `${share * 100}%`);
    this.tipTime.textContent = this.timeline.text(at);
    this.tipChapter.textContent = this.chapterTitle(at);
    this.showPicture(this.storyboard.tileAt(this.timeline.unix(at)));
  }

  chapterTitle(at) {
    return chapterAt(this.player.chapters, at)?.title ?? "";
  }

  showPicture(tile) {
    this.tipPicture.hidden = !tile;
    if (!tile) return;
    const { style } = this.tipPicture;
    style.setProperty("--sprite", `url("${tile.url}")`);
    for (const name of ["x", "y", "width", "height"]) style.setProperty(`--${name}`, `${tile[name]}px`);
  }

  hideTip() {
    this.tip.hidden = true;
  }

  refresh() {
    const { start, end, now } = this.timeline;
    this.row.hidden = end - start < 1;
    if (!this.scrubbing && !this.row.hidden) this.show(now);
  }

  show(at) {
    const { start, end } = this.timeline;
    const share = (value) => `${((value - start) / (end - start)) * 100}%`;
    this.range.min = String(start);
    this.range.max = String(end);
    this.range.value = String(at);
    const chapter = this.chapterTitle(at);
    this.range.setAttribute("aria-valuetext", this.timeline.spoken(at) + (chapter ? `, ${chapter}` : ""));
    this.range.style.setProperty("--done", share(at));
    this.range.style.setProperty("--loaded", share(at + (this.player.engine?.ahead ?? 0)));
  }
}
