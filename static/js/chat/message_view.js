// Builds the elements of one message. What people wrote only ever becomes text nodes.

import { emoteParts } from "./emote_parts.js";
import { emoteElement, pictureElement } from "./emote_view.js";
import { nameColors } from "./name_colors.js";
import { textParts } from "./text_parts.js";

const TINTS = 8; // as in css/tokens.css and the pages' avatars
const BADGES = {
  staff: { icon: "key", label: "Staff" },
  broadcaster: { icon: "broadcast", label: "Broadcaster" },
  moderator: { icon: "shield", label: "Moderator" },
  vip: { icon: "star", label: "VIP" },
  subscriber: { icon: "heart", label: "Subscriber" },
};
const QUOTE_REMOVED = "Answers a message that was removed";
const PICTURE = /^[0-9a-f]{24}$/u;
const SVG = "http://www.w3.org/2000/svg";
const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const exact = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });

const COLORS = new Set(["primary", "blue", "green", "orange", "purple"]);
const messages = new WeakMap(); // element -> message

// The message an element shows; null for lines that are none.
export function messageOf(element) {
  return messages.get(element) ?? null;
}

export function messageElement(message, { you, icons, badges }) {
  const item = document.createElement("div");
  item.className = "chat__message";
  const user = message.user;
  item.dataset.user = user.id;
  if (message.id) item.dataset.id = message.id;
  messages.set(item, message);
  if (message.reply) item.append(quoteElement(message.reply, icons));
  if (message.announcement) {
    const color = COLORS.has(message.announcement) ? message.announcement : "primary";
    item.classList.add("chat__message--announcement", `chat__message--${color}`);
  }
  item.append(timeElement(message.sent_at), ...badgeElements(user, icons, badges), nameElement(user), separator());
  const body = document.createElement("bdi");
  body.className = "chat__text";
  let mentionsMe = Boolean(you) && message.reply?.login === you.login;
  for (const part of partsOf(message)) {
    const aboutMe = part.kind === "mention" && part.login === you?.login;
    mentionsMe ||= aboutMe;
    body.append(partNode(part, aboutMe));
  }
  if (message.action) item.classList.add("chat__message--action");
  item.append(body);
  item.classList.toggle("chat__message--mention", mentionsMe);
  return item;
}

// What a reply answers, in one line; it opens the thread.
function quoteElement(reply, icons) {
  const quote = document.createElement("button");
  quote.type = "button";
  quote.className = "chat__quote";
  quote.tabIndex = -1;
  quote.dataset.quote = reply.id;
  quote.dataset.quoted = reply.user_id;
  const text = document.createElement("bdi");
  text.className = "chat__quote-text";
  text.textContent = reply.text ? `@${reply.display_name}: ${reply.text}` : QUOTE_REMOVED;
  quote.append(iconElement(icons, "reply", "icon icon--s"), text);
  return quote;
}

export function emptyQuote(quote) {
  quote.querySelector(".chat__quote-text").textContent = QUOTE_REMOVED;
}

// What a moderator took away keeps its place and its sender.
export function emptyMessage(item) {
  item.querySelector(".chat__quote")?.remove();
  messages.delete(item);
  item.querySelector(".chat__text").textContent = "message removed";
  item.classList.remove("chat__message--mention", "chat__message--announcement");
  item.classList.add("chat__message--removed");
  delete item.dataset.id;
}

export function lineElement(text, undo = null) {
  const item = document.createElement("div");
  item.className = "chat__line";
  item.textContent = text;
  if (undo) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "chat__undo";
    button.textContent = "Undo";
    button.addEventListener("click", () => {
      button.remove();
      undo();
    });
    item.append(" ", button);
  }
  return item;
}

function timeElement(sentAt) {
  const time = document.createElement("time");
  time.className = "chat__time numeric";
  const date = new Date(sentAt);
  if (!Number.isNaN(date.getTime())) {
    time.dateTime = date.toISOString();
    time.textContent = clock.format(date);
    time.title = exact.format(date);
  }
  return time;
}

function badgeElements({ badges, months }, icons, pictures) {
  const known = (Array.isArray(badges) ? badges : []).map((badge) => ({ badge, kind: String(badge).replace(/\/\d{1,4}$/u, "") }));
  return known.filter(({ kind }) => Object.hasOwn(BADGES, kind)).map(({ badge, kind }) => {
    const { icon, label: name } = BADGES[kind];
    const label = kind === "subscriber" && months ? `${name} for ${months} month${months === 1 ? "" : "s"}` : name;
    const picture = PICTURE.test(pictures?.[badge]) ? pictures[badge] : null;
    const element = document.createElement("span");
    element.className = `chat__badge chat__badge--${picture ? "picture" : kind}`;
    element.title = label;
    element.dataset.badge = badge;
    element.setAttribute("role", "img");
    element.setAttribute("aria-label", label);
    element.append(picture ? pictureElement(picture, "", 18) : iconElement(icons, icon, "icon"));
    return element;
  });
}

export function iconElement(icons, name, classes) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", classes);
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `${icons}#${name}`);
  svg.append(use);
  return svg;
}

function nameElement(user) {
  const name = document.createElement("button");
  name.type = "button";
  name.dataset.person = user.login;
  name.dir = "auto";
  name.tabIndex = -1; // the list is one stop for the keyboard; its arrow keys reach every name
  const colors = nameColors(user.color);
  name.className = `chat__name chat__name--${colors ? "own" : (Number(user.id) || 0) % TINTS}`;
  if (colors) {
    name.style.setProperty("--name-dark", colors.dark);
    name.style.setProperty("--name-light", colors.light);
  }
  name.textContent = user.display_name;
  if (String(user.display_name).toLowerCase() !== user.login) name.title = user.login;
  return name;
}

function separator() {
  const colon = document.createElement("span");
  colon.className = "chat__colon";
  colon.textContent = ": ";
  return colon;
}

function partsOf(message) {
  const parts = emoteParts(String(message.text), message.emotes);
  return parts.flatMap((part) => (part.kind === "emote" ? [part] : textParts(part.text)));
}

function partNode(part, aboutMe) {
  if (part.kind === "emote") return emoteElement(part.text, part.picture);
  if (part.kind === "text") return document.createTextNode(part.text);
  if (part.kind === "link") {
    const link = document.createElement("a");
    link.href = part.href;
    link.rel = "noopener ugc nofollow";
    link.target = "_blank";
    link.textContent = part.text;
    return link;
  }
  const mention = document.createElement("span");
  mention.className = aboutMe ? "chat__mention chat__mention--me" : "chat__mention";
  mention.textContent = part.text;
  return mention;
}
