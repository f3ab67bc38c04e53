// What one is told while pages are open. Tabs of one browser share a socket: the one that holds the lock has it and
// passes on what it hears; when it goes, another takes over.

import { LiveSocket } from "./live_socket.js";

const NAME = "millrace-notifications";
const FINAL_CLOSES = new Set([4401, 4429]); // signed out, too many pages: trying again changes nothing

class NotificationSocket extends LiveSocket {
  path() {
    return "/api/v1/notifications/events";
  }

  adopt(socket) {
    super.adopt(socket);
    socket.addEventListener("close", ({ code }) => FINAL_CLOSES.has(code) && this.close());
  }

  receive(message) {
    if (message.type === "unread") this.established();
    super.receive(message);
  }
}

export class NotificationFeed extends EventTarget {
  start() {
    if (!navigator.locks || typeof BroadcastChannel === "undefined") {
      this.open(() => {});
      return;
    }
    this.share();
    // Held locks and open channels would keep the page from coming back at once on “back”.
    addEventListener("pagehide", () => this.letGo());
    addEventListener("pageshow", (event) => event.persisted && this.share());
  }

  share() {
    const others = new BroadcastChannel(NAME);
    others.addEventListener("message", ({ data }) => this.tell(data));
    const waiting = new AbortController();
    let done = () => {};
    this.letGo = () => {
      waiting.abort();
      done();
      others.close();
    };
    const turn = (resolve) => {
      done = resolve;
      this.open((message) => others.postMessage(message));
    };
    navigator.locks.request(NAME, { signal: waiting.signal }, () => new Promise(turn)).catch(() => {});
  }

  open(passOn) {
    this.passOn = passOn;
    if (this.socket) return; // a page that came back: its socket comes back by itself
    this.socket = new NotificationSocket();
    for (const type of ["unread", "notification", "missed"]) {
      this.socket.addEventListener(type, ({ detail }) => {
        this.tell(detail);
        this.passOn(detail);
      });
    }
    this.socket.open();
  }

  tell(message) {
    this.dispatchEvent(new CustomEvent(message.type, { detail: message }));
  }
}
