// The WebSocket to a room. It reconnects by itself, asks for what it missed, and passes on each event once.

const FIRST_DELAY_MS = 300;
const LONGEST_DELAY_MS = 10000;
const SILENT_AFTER_MS = 1500; // a short hiccup is not worth a message
const DEAD_AFTER_MS = 8000; // a connection attempt that hangs

export class ChatConnection extends EventTarget {
  constructor(roomId) {
    super();
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    this.url = `${scheme}//${location.host}/api/v1/chat/${roomId}`;
    this.lastSeq = null;
    this.attempts = 0;
    this.ready = false; // hello was heard
    this.closed = false;
    this.socket = null;
    addEventListener("online", () => this.reconnectNow());
    addEventListener("pageshow", (event) => event.persisted && this.reconnectNow());
    addEventListener("pagehide", () => this.close());
  }

  open() {
    this.closed = false;
    const since = this.lastSeq === null ? "" : `?since=${this.lastSeq}`;
    const socket = new WebSocket(this.url + since);
    this.socket = socket;
    this.hangTimer = setTimeout(() => socket.readyState === WebSocket.CONNECTING && socket.close(), DEAD_AFTER_MS);
    socket.addEventListener("message", (event) => socket === this.socket && this.onFrame(event.data));
    socket.addEventListener("close", () => socket === this.socket && this.onClose());
  }

  close() {
    this.closed = true;
    clearTimeout(this.retryTimer);
    this.socket?.close();
  }

  reconnectNow() {
    if (this.socket && this.socket.readyState <= WebSocket.OPEN && !this.closed) return;
    clearTimeout(this.retryTimer);
    this.attempts = 0;
    this.open();
  }

  // True when it was handed to the network; an answer comes as `ack` or `refused`.
  send(request) {
    if (!this.ready || this.socket.readyState !== WebSocket.OPEN) return false;
    this.socket.send(JSON.stringify(request));
    return true;
  }

  onFrame(text) {
    let event = null;
    try {
      event = JSON.parse(text);
    } catch {
      return;
    }
    if (!event || typeof event.type !== "string") return;
    if (event.type === "hello") this.onHello();
    if (Number.isSafeInteger(event.seq) && event.type !== "hello" && event.type !== "ack") {
      if (this.lastSeq !== null && event.seq <= this.lastSeq) return; // seen before the connection was lost
      this.lastSeq = event.seq;
    }
    this.dispatchEvent(new CustomEvent(event.type, { detail: event }));
  }

  onHello() {
    this.ready = true;
    this.attempts = 0;
    clearTimeout(this.hangTimer);
    clearTimeout(this.lostTimer);
    this.lostTimer = null;
    this.dispatchEvent(new CustomEvent("connection", { detail: { connected: true } }));
  }

  onClose() {
    this.ready = false;
    clearTimeout(this.hangTimer);
    if (this.closed) return;
    this.lostTimer ??= setTimeout(
      () => this.dispatchEvent(new CustomEvent("connection", { detail: { connected: false } })),
      SILENT_AFTER_MS,
    );
    this.attempts += 1;
    // Half fixed, half chance: a restarted gateway must not meet all its viewers in the same second.
    const ceiling = Math.min(FIRST_DELAY_MS * 2 ** (this.attempts - 1), LONGEST_DELAY_MS);
    this.retryTimer = setTimeout(() => this.open(), ceiling / 2 + Math.random() * (ceiling / 2));
  }
}
