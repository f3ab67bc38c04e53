// Says when the chat is too fast to show all of it. Part of the page from the start: screen readers watch what is there.

export class SampledView {
  constructor(root) {
    this.line = document.createElement("p");
    this.line.className = "chat__sampled js-only";
    this.line.setAttribute("role", "status");
    root.querySelector("[data-modes]").after(this.line);
  }

  show(active) {
    this.line.textContent = active ? "Chat is very fast: showing some of the messages." : "";
  }
}
