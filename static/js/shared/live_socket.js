// A WebSocket that comes back by itself: back-off with chance in it, a word when the silence lasts, never polling.
//
// Subclasses give the address (`path()`), say when the connection counts (`established()`), and take messages
// (`receive(message)`). Listeners hear `connection` with {connected}.

const FIRST_DELAY_MS = 300;
const LONGEST_DELAY_MS = 10000;
const SILENT_AFTER_MS = 1500; // a short hiccup is not worth a message
const DEAD_AFTER_MS = 8000; // a connection attempt that hangs

export class LiveSocket extends EventTarget {
  constructor() {
    super();
    this.attempts = 0;
    this.closed = false;
    this.socket = null;
    this.lostTimer = null;
    addEventListener("online", () => this.reconnectNow());
    addEventListener("pageshow", (event) => event.persisted && this.reconnectNow());
    addEventListener("pagehide", () => this.close());
  }

  open() {
    this.closed = false;
    this.hung = false;
    const socket = new WebSocket(this.address());
    this.hangTimer = setTimeout(() => {
      if (!this.isHung(socket)) return;
      this.hung = true;
      socket.close();
    }, DEAD_AFTER_MS);
    this.adopt(socket);
  }

  isHung(socket) {
    return socket.readyState === WebSocket.CONNECTING;
  }

  address() {
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    return `${scheme}//${location.host}${this.path()}`;
  }

  // From now on this is the connection.
  adopt(socket) {
    this.socket = socket;
    socket.addEventListener("open", () => socket === this.socket && this.onOpen());
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

  get isOpen() {
    return this.socket?.readyState === WebSocket.OPEN;
  }

  onOpen() {}

  established() {
    this.attempts = 0;
    clearTimeout(this.hangTimer);
    clearTimeout(this.lostTimer);
    this.lostTimer = null;
    this.dispatchEvent(new CustomEvent("connection", { detail: { connected: true } }));
  }

  onFrame(text) {
    let message = null;
    try {
      message = JSON.parse(text);
    } catch {
      return;
    }
    if (message && typeof message.type === "string") this.receive(message);
  }

  receive(message) {
    this.dispatchEvent(new CustomEvent(message.type, { detail: message }));
  }

  onClose() {
    clearTimeout(this.hangTimer);
    if (this.closed) return;
    this.lostTimer ??= setTimeout(
      () => this.dispatchEvent(new CustomEvent("connection", { detail: { connected: false } })),
      SILENT_AFTER_MS,
    );
    this.attempts += 1;
    // Half fixed, half chance: a restarted server must not meet all its viewers in the same second.
    const ceiling = Math.min(FIRST_DELAY_MS * 2 ** (this.attempts - 1), LONGEST_DELAY_MS);
    this.retryTimer = setTimeout(() => this.open(), ceiling / 2 + Math.random() * (ceiling / 2));
  }
}
