// The way to a room: a WebSocket, or, where those are blocked, an event stream to read and POST to say. It asks for what
// it missed while it was away, and passes on each event once. Who listens does not see which way is taken.

import { LiveSocket } from "../shared/live_socket.js";
import { RoomStream, say } from "./room_stream.js";

const BLOCKED_AFTER = 3; // attempts without ever having heard the room
const SOCKET_AGAIN_MS = 60_000; // while an event stream is read

export class ChatConnection extends LiveSocket {
  constructor(roomId) {
    super();
    this.roomId = roomId;
    this.lastSeq = null;
    this.ready = false; // hello was heard
    this.socketWorks = false; // it did once: what ends it later is not a proxy that knows no WebSockets
    this.socketFailures = 0;
    this.stream = null;
  }

  path(suffix = "") {
    const since = this.lastSeq === null ? "" : `?since=${this.lastSeq}`;
    return `/api/v1/chat/${this.roomId}${suffix}${since}`;
  }

  get isOpen() {
    return this.stream ? this.stream.isOpen : super.isOpen;
  }

  get isOverStream() {
    return this.stream !== null;
  }

  open() {
    if (this.socketWorks || this.socketFailures < BLOCKED_AFTER) super.open();
    else this.openStream();
  }

  reconnectNow() {
    if (!this.stream?.isOpen) super.reconnectNow();
  }

  close() {
    super.close();
    this.closeStream();
  }

  // True when it was handed to the network; an answer comes as `ack`, `done` or `refused`.
  send(request) {
    if (!this.ready || !this.isOpen) return false;
    if (this.stream) say(this.path("/messages").split("?")[0], request).then((answer) => answer && super.receive(answer));
    else this.socket.send(JSON.stringify(request));
    return true;
  }

  receive(event) {
    if (event.type === "hello") {
      this.ready = true;
      if (!this.stream) this.socketWorks = true;
      this.established();
    } else if (Number.isSafeInteger(event.seq) && event.type !== "ack") {
      if (this.lastSeq !== null && event.seq <= this.lastSeq) return; // seen before the connection was lost
      this.lastSeq = event.seq;
    }
    super.receive(event);
  }

  // Some proxies let it open, and nothing through.
  isHung(socket) {
    return super.isHung(socket) || (!this.socketWorks && socket.readyState === WebSocket.OPEN);
  }

  onClose() {
    this.ready = false;
    // An attempt that hung took longer than anybody wants to wait for two more of them.
    this.socketFailures += this.hung ? BLOCKED_AFTER : 1;
    super.onClose();
  }

  // --- without a WebSocket

  openStream() {
    this.closed = false;
    this.closeStream();
    const stream = new RoomStream(this.path("/events"));
    this.stream = stream;
    stream.addEventListener("frame", ({ detail }) => stream === this.stream && this.onFrame(detail));
    stream.addEventListener("close", () => stream === this.stream && this.onStreamClose());
    this.againTimer = setTimeout(() => this.trySocket(), SOCKET_AGAIN_MS);
  }

  closeStream() {
    clearTimeout(this.againTimer);
    this.trial?.close();
    this.trial = null;
    this.stream?.close();
    this.stream = null;
  }

  onStreamClose() {
    const heard = this.ready;
    this.closeStream();
    // The room is away altogether, perhaps: then a WebSocket may be the better guess when it is back.
    this.socketFailures = heard ? BLOCKED_AFTER : BLOCKED_AFTER - 1;
    this.ready = false;
    super.onClose();
  }

  // Once more, beside the stream that is read meanwhile. Its first message says that it works.
  trySocket() {
    const trial = new WebSocket(this.address());
    this.trial = trial;
    trial.addEventListener("message", ({ data }) => this.trial === trial && this.takeSocket(trial, data), { once: true });
    this.againTimer = setTimeout(() => {
      trial.close();
      this.trySocket();
    }, SOCKET_AGAIN_MS);
  }

  takeSocket(socket, first) {
    this.trial = null; // or it would be closed with the stream
    this.closeStream();
    this.adopt(socket);
    this.onFrame(first);
  }
}
