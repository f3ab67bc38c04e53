// How a room is run, in words. Pure: returns text, touches no document.

const UNITS = [
  [86_400, "day"],
  [3_600, "hour"],
  [60, "minute"],
  [1, "second"],
];

export function modesText(modes) {
  if (!modes) return "";
  const parts = [
    modes.shield && "shield mode",
    modes.slow_seconds && `slow mode (${duration(modes.slow_seconds)})`,
    modes.followers_only && (modes.followers_seconds ? `followers of ${duration(modes.followers_seconds)} only` : "followers only"),
    modes.subscribers_only && "subscribers only",
    modes.unique_chat && "nothing twice",
    modes.emote_only && "emotes only",
    !modes.links_allowed && "no links",
    modes.verified_email && "confirmed e-mail only",
    modes.account_seconds && `accounts older than ${duration(modes.account_seconds)}`,
  ].filter(Boolean);
  const text = parts.join(" · ");
  return text && text[0].toUpperCase() + text.slice(1);
}

function duration(seconds) {
  const [size, name] = UNITS.find(([size]) => seconds >= size) ?? [1, "second"];
  const count = Math.ceil(seconds / size);
  return `${count} ${name}${count === 1 ? "" : "s"}`;
}
