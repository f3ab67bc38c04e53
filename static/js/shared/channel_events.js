// The WebSocket that tells a page what happens on a channel.

import { LiveSocket } from "./live_socket.js";

export class ChannelEvents extends LiveSocket {
  constructor(login) {
    super();
    this.login = login;
    this.watching = false;
    this.viewer = newViewerName(); // kept over reconnects, so that one page is one viewer
    this.open();
  }

  path() {
    return `/api/v1/channels/${this.login}/events`;
  }

  onOpen() {
    this.established();
    if (this.watching) this.watch();
  }

  // Counts this page as a viewer for as long as the socket lives.
  watch(yes = true) {
    this.watching = yes;
    if (yes && this.isOpen) this.socket.send(JSON.stringify({ type: "watching", viewer: this.viewer }));
  }
}

function newViewerName() {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
