// How a room is run, in words. Pure: returns text, touches no document.

const UNITS = [
  [86_400, "day"],
  [3_600, "hour"],
  [60, "minute"],
  [1, "second"],
];

export function modesText(modes) {
  return sentence(parts(modes));
}

// What is different from before, for those who were there.
export function modesChange(before, after) {
  const [old, now] = [parts(before), parts(after)];
  const [ended, begun] = [old.filter((part) => !now.includes(part)), now.filter((part) => !old.includes(part))];
  if (!now.length) return "From now on everyone can write.";
  if (!begun.length) return ended.length ? `No longer: ${ended.join(" · ")}.` : "";
  return `From now on: ${begun.join(" · ")}.`;
}

function parts(modes) {
  if (!modes) return [];
  return [
    modes.shield && "shield mode",
    modes.slow_seconds && `slow mode (${duration(modes.slow_seconds)})`,
    modes.followers_only && (modes.followers_seconds ? `followers of ${duration(modes.followers_seconds)} only` : "followers only"),
    modes.subscribers_only && "subscribers only",
    modes.unique_chat && "nothing twice",
    modes.emote_only && "emotes only",
    !modes.links_allowed && "no links",
    modes.verified_email && "confirmed e-mail only",
    modes.delay_seconds && `messages ${duration(modes.delay_seconds)} later`,
    modes.account_seconds && `accounts older than ${duration(modes.account_seconds)}`,
  ].filter(Boolean);
}

function sentence(list) {
  const text = list.join(" · ");
  return text && text[0].toUpperCase() + text.slice(1);
}

function duration(seconds) {
  const [size, name] = UNITS.find(([size]) => seconds >= size) ?? [1, "second"];
  const count = Math.ceil(seconds / size);
  return `${count} ${name}${count === 1 ? "" : "s"}`;
}
