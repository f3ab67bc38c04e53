// The WebSocket that tells a page what happens on a channel. It reconnects by itself and never polls.

const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 15000;
const SILENT_AFTER_MS = 2500; // a short hiccup is not worth a message

export class ChannelEvents extends EventTarget {
  constructor(login) {
    super();
    this.url = `${location.protocol === "https:" ? "wss:" : "ws:"}//${location.host}/api/v1/channels/${login}/events`;
    this.attempts = 0;
    this.watching = false;
    this.viewer = newViewerName(); // kept over reconnects, so that one page is one viewer
    this.socket = null;
    this.lostTimer = null;
    addEventListener("online", () => this.reconnectNow());
    addEventListener("pageshow", (event) => event.persisted && this.reconnectNow());
    addEventListener("pagehide", () => this.close());
    this.open();
  }

  open() {
    this.closed = false;
    const socket = new WebSocket(this.url);
    this.socket = socket;
    socket.addEventListener("open", () => this.onOpen());
    socket.addEventListener("message", (event) => this.onMessage(event));
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

  // Counts this page as a viewer for as long as the socket lives.
  watch(yes = true) {
    this.watching = yes;
    if (yes && this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify({ type: "watching", viewer: this.viewer }));
  }

  onOpen() {
    this.attempts = 0;
    clearTimeout(this.lostTimer);
    this.lostTimer = null;
    this.dispatchEvent(new CustomEvent("connection", { detail: { connected: true } }));
    if (this.watching) this.watch();
  }

  onMessage(event) {
    let message = null;
    try {
      message = JSON.parse(event.data);
    } catch {
      return;
    }
    if (message && typeof message.type === "string") this.dispatchEvent(new CustomEvent(message.type, { detail: message }));
  }

  onClose() {
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

function newViewerName() {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
