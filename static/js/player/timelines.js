// What the seek bar stands for: a recording from 0 to its length, or a live broadcast by the streamer's clock.
//
// start, end, now: in seconds · seek(at) · text(at): beside the pointer · spoken(at): for screen readers

import { clock } from "../shared/format.js";

const AT_EDGE_SECONDS = 3;

export class RecordingTimeline {
  constructor(player) {
    this.player = player;
    this.seeksWhileDragged = true;
    this.start = 0;
  }

  get end() {
    const { duration } = this.player.video;
    return Number.isFinite(duration) ? duration : 0;
  }

  get now() {
    return this.player.video.currentTime;
  }

  seek(at) {
    this.player.video.currentTime = at;
  }

  text(at) {
    return clock(at);
  }

  spoken(at) {
    return `${clock(at)} of ${clock(this.end)}`;
  }

  unix(at) {
    return this.player.engine?.unixAt(at) ?? null;
  }
}

export class LiveTimeline {
  constructor(player) {
    this.player = player;
    this.seeksWhileDragged = false; // each place may need a playlist of its own
  }

  get start() {
    return this.player.place.span?.start ?? 0;
  }

  get end() {
    return this.player.place.span?.edge ?? 0;
  }

  get now() {
    return this.player.atEdge ? this.end : (this.player.place.now ?? this.end);
  }

  seek(at) {
    this.player.seekTo(at);
  }

  text(at) {
    const behind = this.end - at;
    if (behind < AT_EDGE_SECONDS) return "Live";
    return `−${clock(behind)} · ${new Date(at * 1000).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit" })}`;
  }

  spoken(at) {
    const behind = this.end - at;
    return behind < AT_EDGE_SECONDS ? "Live" : `${clock(behind)} behind live`;
  }

  unix(at) {
    return at;
  }
}
