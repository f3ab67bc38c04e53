// The WebSocket to a room. It asks for what it missed while it was away, and passes on each event once.

import { LiveSocket } from "../shared/live_socket.js";

export class ChatConnection extends LiveSocket {
  constructor(roomId) {
    super();
    this.roomId = roomId;
    this.lastSeq = null;
    this.ready = false; // hello was heard
  }

  path() {
    const since = this.lastSeq === null ? "" : `?since=${this.lastSeq}`;
    return `/api/v1/chat/${this.roomId}${since}`;
  }

  // True when it was handed to the network; an answer comes as `ack` or `refused`.
  send(request) {
    if (!this.ready || !this.isOpen) return false;
    this.socket.send(JSON.stringify(request));
    return true;
  }

  receive(event) {
    if (event.type === "hello") {
      this.ready = true;
      this.established();
    } else if (Number.isSafeInteger(event.seq) && event.type !== "ack") {
      if (this.lastSeq !== null && event.seq <= this.lastSeq) return; // seen before the connection was lost
      this.lastSeq = event.seq;
    }
    super.receive(event);
  }

  onClose() {
    this.ready = false;
    super.onClose();
  }
}
