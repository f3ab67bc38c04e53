// The moderators' pages: what waits comes by itself, decisions need no new page, and what has changed says so.

import { ChatConnection } from "../chat/connection.js";
import { callApi } from "../shared/api.js";
import { toast } from "../shared/toasts.js";

const KEPT = 100; // as many as the room holds
const TICK_MS = 5_000;
const ASK_MS = 15_000; // between two looks at what waits, while nothing is told
const ACTS = new Set(["message_removed", "user_removed", "room_cleared", "room_state", "pin_changed", "poll_changed", "held_decided"]);
const CHANGES = { moderation_acts: ACTS, moderation_bans: new Set(["user_removed"]) }; // what makes a page out of date

const page = document.getElementById("moderation");
const api = page.dataset.api;
const list = page.querySelector("[data-held-list]");
const state = page.querySelector("[data-state]");
const waiting = page.querySelector("[data-waiting]");
const connection = new ChatConnection(page.dataset.room);
let toldUntil = Infinity; // what is older than the page is in it

// --- what waits

function addHeld({ message, score, created_at: createdAt }) {
  if (!list || findHeld(message.id) || list.childElementCount >= KEPT) return;
  const item = document.getElementById("held-template").content.firstElementChild.cloneNode(true);
  const part = (name) => item.querySelector(`[data-${name}]`);
  item.dataset.held = message.id;
  item.dataset.heldAt = String(Math.floor((createdAt ? Date.parse(createdAt) : Date.now()) / 1000));
  part("name").textContent = message.user.display_name;
  part("login").search = new URLSearchParams({ user: message.user.login });
  part("text").textContent = message.text;
  part("score").textContent = `${Math.round(100 * score)} %`;
  list.append(item);
  showWaiting();
}

function dropHeld(id) {
  const item = findHeld(id);
  if (!item) return;
  const next = item.nextElementSibling ?? item.previousElementSibling;
  const had = item.contains(document.activeElement);
  item.remove();
  // Who decides by keyboard goes on with the next one.
  if (had) (next?.querySelector("button") ?? document.getElementById("held-title")).focus();
  showWaiting();
}

function findHeld(id) {
  return list && [...list.children].find((item) => item.dataset.held === id);
}

function showWaiting(number = list.childElementCount) {
  waiting.textContent = number;
  waiting.classList.toggle("badge--warn", number > 0);
  if (list) page.querySelector("[data-held-empty]").hidden = number > 0;
  showAges();
}

function showAges() {
  for (const item of list?.children ?? []) {
    const seconds = Date.now() / 1000 - Number(item.dataset.heldAt);
    item.querySelector("[data-ago]").textContent = seconds < 60 ? "just now" : `${Math.floor(seconds / 60)} min ago`;
  }
}

function dropOld() {
  for (const item of [...(list?.children ?? [])]) {
    if (Date.now() / 1000 - Number(item.dataset.heldAt) > Number(list.dataset.seconds)) dropHeld(item.dataset.held);
  }
  showAges();
}

async function askHeld() {
  const before = list && new Set([...list.children].map((item) => item.dataset.held)); // what comes meanwhile stays
  try {
    const { count, results } = await callApi("GET", `${api}/held?limit=${KEPT}`);
    if (!list) {
      showWaiting(count);
      return;
    }
    const ids = new Set(results.map(({ message }) => message.id));
    const gone = [...before].filter((id) => !ids.has(id));
    for (const id of gone) dropHeld(id);
    for (const one of results) addHeld(one);
    showWaiting();
  } catch {
    say("What waits cannot be read right now. It is tried again.");
  }
}

// --- acts

async function perform(form, request, done) {
  const row = form.closest(".moderation__row");
  if (row.getAttribute("aria-busy") === "true") return;
  row.setAttribute("aria-busy", "true");
  try {
    await request();
    done(row);
  } catch (error) {
    toast(error.message, "error");
    if (error.status === 404 && form.matches("[data-decide]")) dropHeld(row.dataset.held);
  } finally {
    row.removeAttribute("aria-busy");
  }
}

page.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.matches("[data-search]")) {
    form.querySelector("button").setAttribute("aria-busy", "true");
    return;
  }
  const { lift, remove } = form.dataset;
  if (form.matches("[data-decide]")) {
    const approve = event.submitter?.value === "yes";
    const { held } = form.closest("[data-held]").dataset;
    perform(form, () => callApi("POST", `${api}/held/${held}`, { approve }), () => dropHeld(held));
  } else if (lift) {
    perform(form, () => callApi("DELETE", `${api}/bans/${lift}`), (row) => {
      row.remove();
      toast(`${lift} can write again.`, "success");
    });
  } else if (remove) {
    perform(form, () => callApi("DELETE", `${api}/messages/${remove}`), (row) => {
      form.remove();
      row.querySelector(".moderation__text").classList.add("moderation__text--removed");
      toast("The message is removed.", "success");
    });
  } else return;
  event.preventDefault();
});

addEventListener("pageshow", () => page.querySelector("[data-search] button")?.removeAttribute("aria-busy"));

// --- live

function say(text, offerReload = false) {
  state.replaceChildren(text);
  if (offerReload) {
    const link = document.createElement("a");
    link.href = location.href;
    link.textContent = "Show it";
    state.append(" ", link);
  }
  state.hidden = !text;
}

function onChange(event) {
  if (event.seq !== undefined && event.seq <= toldUntil) return;
  if (CHANGES[page.dataset.section]?.has(event.type)) say("Something was done since this page was made.", true);
}

connection.addEventListener("hello", ({ detail }) => {
  toldUntil = Math.min(toldUntil, detail.seq);
  askHeld();
});
connection.addEventListener("held", ({ detail }) => (list ? addHeld(detail) : askHeld()));
connection.addEventListener("held_decided", ({ detail }) => (list ? dropHeld(detail.id) : askHeld()));
connection.addEventListener("connection", ({ detail }) => say(detail.connected ? "" : "Reconnecting…"));
for (const type of ACTS) connection.addEventListener(type, ({ detail }) => onChange(detail));
connection.open();
setInterval(dropOld, TICK_MS);
setInterval(() => connection.isOpen || askHeld(), ASK_MS);
