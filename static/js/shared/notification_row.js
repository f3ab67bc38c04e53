// A notification as a row of the list, as the server draws it (components/notification.html).

import { ago } from "./format.js";

const ICONS = {
  live: "broadcast",
  raid: "people",
  follower: "heart",
  clip: "clip",
  mention: "reply",
  recording: "video",
  report: "flag",
  security: "shield",
};

export function notificationRow(one, icons) {
  const row = document.createElement("li");
  row.className = one.read_at ? "notification" : "notification notification--unread";
  row.dataset.notification = one.id;
  const link = document.createElement("a");
  link.className = "notification__link";
  link.href = `/notifications/${one.id}`;
  link.append(icon(ICONS[one.kind] ?? "bell", icons), text("notification__text", one.text));
  if (!one.read_at) link.querySelector(".notification__text").append(text("sr-only", " (unread)"));
  if (one.detail) link.append(text("notification__detail", one.detail));
  const when = document.createElement("time");
  when.className = "notification__when";
  when.dateTime = one.created_at;
  when.textContent = ago(one.created_at);
  link.append(when);
  row.append(link);
  return row;
}

export function markRowRead(row) {
  row.classList.remove("notification--unread");
  row.querySelector(".notification__text .sr-only")?.remove();
}

function text(className, content) {
  const span = document.createElement("span");
  span.className = className;
  span.textContent = content;
  return span;
}

function icon(name, icons) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("focusable", "false");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `${icons}#${name}`);
  svg.append(use);
  return svg;
}
