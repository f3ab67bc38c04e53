// Another channel's picture on this page, counted there while the chat stays where it is: what an offline channel hosts, and
// where a raid goes before its page is open.

import { ChannelEvents } from "./channel_events.js";

export class Elsewhere {
  // `own` are the page's own channel's events: who sees another picture is not counted there.
  constructor(player, banner, own) {
    this.player = player;
    this.own = own;
    this.stopFollowing = own.follow(player.video);
    this.banner = banner;
    this.ownPlayback = player.root.dataset.playbackApi;
    this.login = null;
    this.events = null;
    this.visiting = false;
  }

  // The hosted channel as the host's socket tells it, or null. Returns whether another channel's picture is shown.
  host(hosting) {
    if (this.visiting) return true;
    this.banner.hidden = !hosting;
    if (hosting) {
      const link = this.banner.querySelector("[data-hosting-link]");
      link.textContent = hosting.display_name;
      link.href = hosting.url;
      this.banner.querySelector("[data-hosting-title]").textContent = hosting.title ? `: ${hosting.title}` : "";
    }
    if ((hosting?.login ?? null) !== this.login) this.change(hosting?.login ?? null);
    return Boolean(hosting);
  }

  // Arrive at once: the page itself is asked for later.
  visit(raid) {
    this.visiting = true;
    this.banner.hidden = true;
    this.change(raid.login);
    this.events.arriveBy(raid.id);
  }

  comeBack() {
    this.visiting = false;
    this.change(null);
  }

  change(login) {
    this.events?.close();
    this.stopFollowing();
    this.events = null;
    this.login = login;
    this.player.stop();
    this.player.root.dataset.playbackApi = login ? `/api/v1/streams/${login}/playback` : this.ownPlayback;
    const events = login ? new ChannelEvents(login) : this.own;
    this.stopFollowing = events.follow(this.player.video);
    if (!login) return;
    this.own.watch(false);
    this.events = events;
    // One that ends is replaced by the host's next word; until then its last picture stays.
    events.addEventListener("state", ({ detail }) => this.events === events && detail.playback && this.player.setWatch(detail));
  }
}
