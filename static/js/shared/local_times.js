// Times of the page by the viewer's own clock; without a script they are by the clock that the page names.

const DAY = new Intl.DateTimeFormat("en-GB", { weekday: "short", day: "numeric", month: "short" });
const { hourCycle, timeZone } = new Intl.DateTimeFormat(undefined, { hour: "numeric" }).resolvedOptions();
const hour = hourCycle.startsWith("h1") ? "numeric" : "2-digit"; // 8:00 pm, 08:00
const TIME = new Intl.DateTimeFormat("en-GB", { hour, minute: "2-digit", hourCycle });

function day(date) {
  const parts = Object.fromEntries(DAY.formatToParts(date).map(({ type, value }) => [type, value]));
  return `${parts.weekday} ${parts.day} ${parts.month}`;
}

const SHOWN = {
  day,
  time: (date) => TIME.format(date),
  moment: (date) => `${day(date)}, ${TIME.format(date)}`,
};

export function showLocalTimes(root = document) {
  for (const element of root.querySelectorAll("time[data-local]")) {
    const date = new Date(element.dateTime);
    if (!Number.isNaN(date.getTime())) element.textContent = SHOWN[element.dataset.local](date);
  }
  for (const element of root.querySelectorAll("[data-local-zone]")) {
    element.textContent = `Times are in your time zone, ${timeZone}.`;
  }
}
