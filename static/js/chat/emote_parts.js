// Cuts a message where its emotes stand. Pure: returns values, touches no document.

const PICTURE = /^[0-9a-f]{24}$/u; // what becomes part of an address

// emotes: { picture: [[begin, end], …] } in code points, both included -> [{ kind: "text" | "emote", text, picture? }]
export function emoteParts(text, emotes) {
  const uses = usesOf(emotes);
  if (!uses.length) return [{ kind: "text", text }];
  const points = Array.from(text);
  const parts = [];
  let at = 0;
  for (const { picture, begin, end } of uses) {
    if (begin < at || end < begin || end >= points.length) continue;
    if (begin > at) parts.push({ kind: "text", text: points.slice(at, begin).join("") });
    parts.push({ kind: "emote", text: points.slice(begin, end + 1).join(""), picture });
    at = end + 1;
  }
  if (at < points.length) parts.push({ kind: "text", text: points.slice(at).join("") });
  return parts;
}

// The same for a text of one's own that the room has not said yet. codes: Map of code -> picture.
export function findEmotes(text, codes) {
  const emotes = {};
  let at = 0;
  for (const word of text.split(" ")) {
    const length = Array.from(word).length;
    const picture = codes.get(word);
    if (picture) (emotes[picture] ??= []).push([at, at + length - 1]);
    at += length + 1;
  }
  return emotes;
}

function usesOf(emotes) {
  const uses = [];
  for (const [picture, ranges] of Object.entries(emotes ?? {})) {
    if (!PICTURE.test(picture) || !Array.isArray(ranges)) continue;
    for (const range of ranges) {
      const [begin, end] = Array.isArray(range) ? range : [];
      if (Number.isInteger(begin) && Number.isInteger(end)) uses.push({ picture, begin, end });
    }
  }
  return uses.sort((one, other) => one.begin - other.begin);
}
