// An offline channel's page that shows another channel: its picture, counted there; the chat stays where it is.

import { ChannelEvents } from "./channel_events.js";

export class Hosting {
  constructor(player, banner) {
    this.player = player;
    this.banner = banner;
    this.ownPlayback = player.root.dataset.playbackApi;
    this.login = null;
    this.events = null;
  }

  // The hosted channel as the host's socket tells it, or null. Returns whether its picture is what is shown.
  show(hosting) {
    this.banner.hidden = !hosting;
    if (hosting) {
      const link = this.banner.querySelector("[data-hosting-link]");
      link.textContent = hosting.display_name;
      link.href = hosting.url;
      this.banner.querySelector("[data-hosting-title]").textContent = hosting.title;
    }
    if ((hosting?.login ?? null) !== this.login) this.change(hosting?.login ?? null);
    return Boolean(hosting);
  }

  change(login) {
    this.events?.close();
    this.stopFollowing?.();
    this.events = null;
    this.login = login;
    this.player.stop();
    this.player.root.dataset.playbackApi = login ? `/api/v1/streams/${login}/playback` : this.ownPlayback;
    if (!login) return;
    const events = new ChannelEvents(login);
    this.events = events;
    this.stopFollowing = events.follow(this.player.video);
    // One that ends is replaced by the host's next word; until then its last picture stays.
    events.addEventListener("state", ({ detail }) => this.events === events && detail.playback && this.player.setWatch(detail));
  }
}
