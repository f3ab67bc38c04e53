// A room without a WebSocket: server-sent events that begin with the same hello, and POST.

const TRIES = 3;
const AGAIN_MS = 2_000;

// Hears `frame` with an event's text, and `close` once.
export class RoomStream extends EventTarget {
  constructor(path) {
    super();
    const url = new URL(path, location.href);
    url.searchParams.set("hello", "1");
    this.source = new EventSource(url);
    this.source.addEventListener("message", ({ data }) => this.dispatchEvent(new CustomEvent("frame", { detail: data })));
    // A browser would come back by itself, but at the same place and only after some errors.
    this.source.addEventListener("error", () => {
      this.source.close();
      this.dispatchEvent(new CustomEvent("close"));
    });
  }

  get isOpen() {
    return this.source.readyState === EventSource.OPEN;
  }

  close() {
    this.source.close();
  }
}

// Says it, and what the room would have answered over a WebSocket. The nonce keeps a second try from being a second message.
export async function say(url, { text, nonce, reply_to: replyTo }) {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const response = await fetch(url, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        credentials: "same-origin",
        body: JSON.stringify({ text, nonce, reply_to: replyTo }),
      });
      return answerOf(response.status, nonce, await response.json());
    } catch {
      // The network is away, or something between that answers in HTML.
    }
    if (attempt === TRIES) return { type: "refused", nonce, rule: "unavailable", text: "Chat cannot be reached right now. Try again in a moment." };
    await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
  }
}

function answerOf(status, nonce, body) {
  if (status === 201) return { ...body, type: "ack", nonce };
  if (status === 200) return { ...body, type: "done", nonce };
  return { rule: "unavailable", text: body.detail, retry_after: null, ...body, type: "refused", nonce };
}
