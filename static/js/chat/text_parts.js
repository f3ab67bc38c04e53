// Cuts a message into plain text, links and mentions. Pure: returns values, touches no document.

const PART = /(https?:\/\/[^\s<>"'`]+)|(?<![\p{L}\p{N}_@])@([a-z0-9_]{1,25})/giu;
const TRAILING = /[.,;:!?…\])}*_~]+$/u; // punctuation after a link belongs to the sentence

// [{ kind: "text" | "link" | "mention", text, href?, login? }]
export function textParts(text) {
  const parts = [];
  let end = 0;
  for (const match of text.matchAll(PART)) {
    const part = match[1] ? linkPart(match[1]) : { kind: "mention", text: match[0], login: match[2].toLowerCase() };
    if (!part) continue;
    if (match.index > end) parts.push({ kind: "text", text: text.slice(end, match.index) });
    parts.push(part);
    end = match.index + (part.length ?? match[0].length);
  }
  if (end < text.length) parts.push({ kind: "text", text: text.slice(end) });
  return parts;
}

function linkPart(found) {
  const address = found.replace(TRAILING, "");
  let url = null;
  try {
    url = new URL(address);
  } catch {
    return null;
  }
  if ((url.protocol !== "http:" && url.protocol !== "https:") || url.username || url.password || !url.hostname.includes(".")) {
    return null;
  }
  // A name in another script is shown as the browser resolves it, so that it cannot pass for a known one.
  const text = url.hostname.includes("xn--") ? url.href : address;
  return { kind: "link", text, href: url.href, length: address.length };
}
