// The buttons on the message under the pointer: one set for the whole list, so that messages stay small.

const RAISED_PX = 2; // as high as a line, they cover no other message: that could not be pointed at any more

export class MessageTools {
  // `rights(item)` says which of them he may use, `acts` what they do. While the pointer is on them, the list stands
  // still: nobody wants to remove the message that moves into the place of the one he aimed at.
  constructor(root, { rights, acts, log }) {
    this.scroll = root.querySelector("[data-scroll]");
    this.tools = root.querySelector("[data-tools]");
    this.time = root.querySelector("[data-tools-time]");
    this.rights = rights;
    this.item = null;
    this.scroll.addEventListener("pointerover", (event) => this.onOver(event));
    this.scroll.addEventListener("pointerleave", (event) => event.pointerType === "mouse" && this.hide());
    this.tools.addEventListener("pointerenter", () => log.hold(true));
    this.tools.addEventListener("pointerleave", () => log.hold(false));
    this.tools.addEventListener("click", (event) => {
      const act = event.target.closest("[data-tool]")?.dataset.tool;
      if (!act || !this.item) return;
      const item = this.item;
      this.hide();
      log.hold(false);
      acts[act](item);
    });
  }

  onOver(event) {
    if (this.tools.contains(event.target)) return;
    const item = event.target.closest(".chat__message");
    if (item === this.item) return;
    const rights = item ? this.rights(item) : new Set();
    if (!rights.size) {
      this.hide();
      return;
    }
    for (const button of this.tools.querySelectorAll("[data-tool]")) button.hidden = !rights.has(button.dataset.tool);
    this.aimAt(item);
    this.time.textContent = item.querySelector("time").textContent;
    this.tools.style.top = `${Math.max(this.scroll.scrollTop, item.offsetTop - RAISED_PX)}px`;
    this.tools.hidden = false;
  }

  hide() {
    this.aimAt(null);
    this.tools.hidden = true;
  }

  aimAt(item) {
    this.item?.classList.remove("chat__message--aimed");
    this.item = item;
    item?.classList.add("chat__message--aimed");
  }
}
