// The clip editor: the last 90 seconds as pictures, two handles, a title; then the clip's own page.

import { callApi } from "../shared/api.js";
import { clock } from "../shared/format.js";
import { LEAST, moved, offer } from "./clip_span.js";
import { Storyboard } from "./storyboard.js";

const PICTURES = 9;
const HANDLES = ["begin", "finish"];

export class ClipEditor {
  constructor(player, dialog) {
    this.player = player;
    this.dialog = dialog;
    this.part = (name) => dialog.querySelector(`[data-${name}]`);
    this.form = this.part("clip-form");
    this.storyboard = new Storyboard(() => player.sources?.storyboard);
    player.root.querySelector("[data-clip]")?.addEventListener("click", () => this.open());
    player.clipEditor = this;
    if (!this.form) return; // not signed in: the dialog says so
    for (const handle of HANDLES) this.part(handle).addEventListener("input", (event) => this.move(handle, event));
    this.form.addEventListener("submit", (event) => this.make(event));
    addEventListener("pagehide", () => this.leave());
  }

  open() {
    if (this.dialog.open) return;
    if (this.form) {
      const place = this.place();
      if (place === null || place.end - place.start < LEAST) {
        this.player.notice("There is nothing to clip yet.");
        return;
      }
      this.span = offer(place);
      this.part("problem").hidden = true;
      this.show();
      this.draw();
    }
    this.dialog.showModal();
  }

  // Live by the streamer's clock, a recording by its own length.
  place() {
    const { player } = this;
    if (!player.live) {
      const { currentTime, duration } = player.video;
      return player.facts.picture && Number.isFinite(duration) ? { start: 0, end: duration, now: currentTime, live: false } : null;
    }
    const { now } = player.place;
    if (!player.facts.picture || now === null) return null;
    return { start: Math.min(player.startedAt, now), end: now, now, live: true };
  }

  move(handle, event) {
    this.span = moved({ span: this.span, handle, at: this.span.from + Number(event.target.value) });
    this.show();
  }

  show() {
    const { from, to, begin, finish } = this.span;
    const share = (at) => `${((at - from) / (to - from)) * 100}%`;
    for (const handle of HANDLES) {
      const range = this.part(handle);
      range.max = String(to - from);
      range.value = String(this.span[handle] - from);
      range.setAttribute("aria-valuetext", this.spoken(this.span[handle]));
    }
    const { style } = this.part("strip");
    style.setProperty("--begin", share(begin));
    style.setProperty("--finish", share(finish));
    this.part("length").textContent = `${(finish - begin).toFixed(1)} s`;
    this.part("from").textContent = this.text(begin);
    this.part("to").textContent = this.text(finish);
  }

  text(at) {
    return this.player.live ? `−${clock(this.span.to - at)}` : clock(at);
  }

  spoken(at) {
    return this.player.live ? `${(this.span.to - at).toFixed(1)} seconds ago` : clock(at);
  }

  unix(at) {
    return this.player.live ? at : (this.player.engine?.unixAt(at) ?? null);
  }

  async draw() {
    const { from, to } = this.span;
    await this.storyboard.refresh();
    const cells = Array.from({ length: PICTURES }, (_, number) => {
      const cell = document.createElement("span");
      const tile = this.storyboard.tileAt(this.unix(from + ((to - from) * (number + 0.5)) / PICTURES));
      if (tile) fill(cell, tile, this.storyboard.board);
      return cell;
    });
    this.part("pictures").replaceChildren(...cells);
  }

  async make(event) {
    event.preventDefault();
    if (this.part("make").disabled) return;
    this.setBusy(true);
    this.part("problem").hidden = true;
    try {
      const clip = await callApi("POST", this.dialog.dataset.url, this.wanted());
      location.assign(clip.url);
    } catch (error) {
      this.part("problem").textContent = error.message;
      this.part("problem").hidden = false;
      this.setBusy(false);
    }
  }

  setBusy(busy) {
    this.part("make").disabled = busy;
    this.part("make").setAttribute("aria-busy", String(busy));
  }

  // Who comes back with the browser's Back button finds the page as it was, and no editor over it.
  leave() {
    this.dialog.close();
    this.setBusy(false);
  }

  wanted() {
    const { begin, finish } = this.span;
    const { channel, video } = this.dialog.dataset;
    const unix = this.unix(begin);
    const place = unix === null ? { offset_seconds: begin } : { starts_at: new Date(unix * 1000).toISOString() };
    return { ...(video ? { video } : { channel }), ...place, duration_seconds: finish - begin, title: this.form.elements.title.value };
  }
}

// A tile in the shares of its sprite, so that it may be shown in any size.
function fill(cell, tile, board) {
  cell.style.setProperty("--sprite", `url("${tile.url}")`);
  cell.style.setProperty("--columns", board.columns);
  cell.style.setProperty("--rows", board.rows);
  cell.style.setProperty("--column", tile.x / tile.width);
  cell.style.setProperty("--row", tile.y / tile.height);
}
