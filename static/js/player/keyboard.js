// Keyboard control of the player from anywhere on the page, except where somebody types.

import { singleKeys } from "../shared/single_keys.js";

const VOLUME_STEP = 0.05;

export function listenToKeys(player) {
  const { controls } = player;
  const actions = {
    " ": () => player.togglePlay(),
    k: () => player.togglePlay(),
    m: () => controls.toggleMute(),
    f: () => controls.toggleFullscreen(),
    t: () => controls.toggleTheatre(),
    p: () => controls.togglePip(),
    s: () => player.stats.toggle(),
    e: () => player.live && player.toEdge(),
    j: () => player.seekBy(-10),
    l: () => player.seekBy(10),
    ArrowLeft: () => player.seekBy(-5),
    ArrowRight: () => player.seekBy(5),
    ArrowUp: () => controls.changeVolume(VOLUME_STEP),
    ArrowDown: () => controls.changeVolume(-VOLUME_STEP),
  };
  document.addEventListener("keydown", (event) => {
    // By the key's place: with Alt some keyboards write another letter. As on Twitch.
    if (event.altKey && event.code === "KeyX" && player.clipEditor && !event.ctrlKey && !event.metaKey && !isTaken(event, player)) {
      event.preventDefault();
      player.clipEditor.open();
      return;
    }
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const action = actions[key];
    if (!action || event.ctrlKey || event.metaKey || event.altKey || isTaken(event, player)) return;
    if (key.length === 1 && !singleKeys() && !player.root.contains(event.target)) return;
    event.preventDefault();
    controls.wake();
    action();
  });
}

function isTaken(event, player) {
  const { target } = event;
  if (event.defaultPrevented || document.querySelector("dialog[open]")) return true;
  if (target.isContentEditable) return true;
  if (target.matches("input, textarea, select")) return target.type !== "range" || event.key.startsWith("Arrow");
  // Space presses the focused button; arrows scroll the page unless the player has the focus.
  if (event.key === " ") return target.matches("button, a, summary, [role=button]");
  if (/^Arrow(Up|Down)$/.test(event.key)) return !player.root.contains(target);
  return event.key.startsWith("Arrow") && target.closest("[role=menu], [role=listbox], [role=tablist], [role=log]") !== null;
}
