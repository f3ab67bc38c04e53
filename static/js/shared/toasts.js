// Short messages at the edge of the page.

const SHOWN_MS = 6000;

export function toast(text, kind = "info") {
  const shelf = document.querySelector("[data-toasts]");
  const template = document.getElementById("toast-template");
  if (!shelf || !template) return;
  liftOver(document.querySelector("dialog[open]"), shelf);
  const element = template.content.firstElementChild.cloneNode(true);
  element.classList.add(`toast--${kind}`);
  element.querySelector("[data-text]").textContent = text;
  shelf.append(element);
  leaveLater(element, kind);
}

// An open dialog lies above everything else of the page.
function liftOver(dialog, shelf) {
  if (!dialog || dialog.contains(shelf)) return;
  dialog.append(shelf);
  dialog.addEventListener("close", () => document.body.append(shelf), { once: true });
}

export function leaveLater(element, kind) {
  if (kind === "error") return; // what went wrong stays until it is read
  setTimeout(() => element.remove(), SHOWN_MS);
}
