// The buttons on the message under the pointer: one set for the whole list, so that messages stay small.

export class MessageTools {
  // `rights(message)` says which of them he may use, `acts` what they do.
  constructor(root, { rights, acts }) {
    this.list = root.querySelector("[data-log]");
    this.tools = root.querySelector("[data-tools]");
    this.rights = rights;
    this.item = null;
    this.list.addEventListener("pointerover", (event) => this.onOver(event));
    this.list.addEventListener("pointerleave", (event) => event.pointerType === "mouse" && this.hide());
    root.querySelector("[data-scroll]").addEventListener("scroll", () => this.hide(), { passive: true });
    this.tools.addEventListener("click", (event) => {
      const act = event.target.closest("[data-tool]")?.dataset.tool;
      if (!act || !this.item) return;
      const item = this.item;
      this.hide();
      acts[act](item);
    });
  }

  onOver(event) {
    const item = event.target.closest(".chat__message");
    if (!item || item === this.item) return;
    const rights = this.rights(item);
    for (const button of this.tools.querySelectorAll("[data-tool]")) button.hidden = !rights.has(button.dataset.tool);
    if (!rights.size) {
      this.hide();
      return;
    }
    this.item = item;
    item.append(this.tools);
    this.tools.hidden = false;
  }

  hide() {
    if (!this.item) return;
    this.item = null;
    this.tools.hidden = true;
    this.list.parentElement.append(this.tools);
  }
}
