// The list of messages: written once per frame, bounded, and still while somebody reads further up or aims at one.

const KEPT = 300;
// What was said before one came arrives in pieces: shown together, so that nothing jumps.
const FIRST_QUIET_MS = 80;
const FIRST_LATEST_MS = 400;
const BOTTOM_PX = 48; // this close to the end counts as reading along

export class MessageLog {
  constructor(root) {
    this.scroll = root.querySelector("[data-scroll]");
    this.list = root.querySelector("[data-log]");
    this.newer = root.querySelector("[data-newer]");
    this.newerText = root.querySelector("[data-newer-text]");
    this.waiting = [];
    this.unseen = 0;
    this.following = true;
    this.held = false;
    this.scroll.addEventListener("scroll", () => this.onScroll(), { passive: true });
    this.newer.addEventListener("click", () => this.follow());
    new ResizeObserver(() => this.onResize()).observe(this.scroll);
  }

  add(element, { counts = true } = {}) {
    this.waiting.push({ element, counts });
    if (this.waiting.length > KEPT) this.waiting.shift();
    if (!this.begun) {
      this.writeFirst();
      return;
    }
    // A hidden page draws no frames, and then nobody reads: a timer is enough.
    if (!this.scheduled) this.scheduled = document.hidden ? setTimeout(() => this.write(), 500) : requestAnimationFrame(() => this.write());
  }

  writeFirst() {
    this.firstAt ??= performance.now();
    const left = this.firstAt + FIRST_LATEST_MS - performance.now();
    clearTimeout(this.scheduled);
    this.scheduled = setTimeout(() => this.write(), Math.max(Math.min(FIRST_QUIET_MS, left), 0));
  }

  remove(element) {
    this.waiting = this.waiting.filter((entry) => entry.element !== element);
    element.remove();
  }

  // Every message in the list, or on its way into it, for which `matches` is true.
  messages(matches) {
    const waiting = this.waiting.map((entry) => entry.element);
    return [...this.list.children, ...waiting].filter((element) => element.dataset.user && matches(element));
  }

  isEmpty() {
    return !this.waiting.length && !this.list.childElementCount;
  }

  write() {
    this.begun = true;
    this.scheduled = null;
    const entries = this.waiting.splice(0);
    this.list.append(...entries.map((entry) => entry.element));
    while (this.list.childElementCount > KEPT) this.list.firstElementChild.remove();
    if (this.following && !this.held) {
      this.toEnd();
      return;
    }
    this.unseen = Math.min(this.unseen + entries.filter((entry) => entry.counts).length, KEPT);
    this.showNewer();
  }

  // Stand still for as long as somebody aims at a message.
  hold(held) {
    this.held = held;
    if (!held && this.following) this.follow();
  }

  follow() {
    this.following = true;
    this.unseen = 0;
    this.showNewer();
    this.toEnd();
  }

  toEnd() {
    this.scroll.scrollTop = this.scroll.scrollHeight;
  }

  onResize() {
    this.height = this.scroll.clientHeight;
    if (this.following && !this.held) this.toEnd();
  }

  onScroll() {
    if (this.held || this.scroll.clientHeight !== this.height) return; // made smaller, not scrolled: see onResize
    const fromEnd = this.scroll.scrollHeight - this.scroll.scrollTop - this.scroll.clientHeight;
    const following = fromEnd < BOTTOM_PX;
    if (following && !this.following) this.unseen = 0;
    this.following = following;
    this.showNewer();
  }

  showNewer() {
    this.newer.hidden = this.following && !this.held;
    const many = this.unseen >= KEPT ? `${KEPT}+` : this.unseen;
    this.newerText.textContent = this.unseen ? `${many} new message${this.unseen === 1 ? "" : "s"}` : "Back to the newest";
  }
}
