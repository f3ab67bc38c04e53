// The WebSocket that tells a page what happens on a channel, and the site that the page is watched.

import { callApi } from "./api.js";
import { LiveSocket } from "./live_socket.js";

const BEAT_MS = 4000; // where no socket can be opened, a viewer is named by requests
const BLOCKED_AFTER = 3; // attempts
const PAUSED_MS = 60_000; // who pauses for longer does not watch

export class ChannelEvents extends LiveSocket {
  constructor(login) {
    super();
    this.login = login;
    this.watching = false;
    this.hasWatched = false;
    this.raid = null; // that has sent this page here
    this.open();
  }

  path() {
    return `/api/v1/channels/${this.login}/events`;
  }

  onOpen() {
    this.opened = true;
    clearInterval(this.beats);
    this.established();
    if (this.watching) this.watch();
    if (this.raid) this.arriveBy(this.raid);
  }

  onClose() {
    super.onClose();
    if (!this.opened && this.attempts === BLOCKED_AFTER) this.beats = setInterval(() => this.beat(), BEAT_MS);
  }

  close() {
    super.close();
    clearInterval(this.beats);
  }

  // Counts this page as a viewer for as long as the socket lives.
  watch(yes = true) {
    this.watching = yes;
    this.hasWatched ||= yes;
    if (this.isOpen) this.socket.send(JSON.stringify({ type: yes ? "watching" : "stopped" }));
  }

  // A raid has sent this page here: its channel's chat is told how many have come.
  arriveBy(raid) {
    this.raid = raid;
    if (!this.isOpen) return;
    this.socket.send(JSON.stringify({ type: "arrived", raid }));
    this.raid = null;
  }

  // Watched while it plays, and for a pause that is no longer than getting a cup of tea. Returns how to end that.
  follow(video) {
    const playing = () => {
      clearTimeout(this.pauseTimer);
      if (!this.watching) this.watch();
    };
    const paused = () => {
      clearTimeout(this.pauseTimer);
      this.pauseTimer = setTimeout(() => this.watch(false), PAUSED_MS);
    };
    video.addEventListener("playing", playing);
    video.addEventListener("pause", paused);
    return () => {
      clearTimeout(this.pauseTimer);
      video.removeEventListener("playing", playing);
      video.removeEventListener("pause", paused);
    };
  }

  async beat() {
    if (!this.watching) return;
    try {
      const { viewers } = await callApi("POST", `/api/v1/streams/${this.login}/watching`);
      this.receive({ type: "viewers", viewers });
    } catch {
      // The next one is due in a moment.
    }
  }
}
