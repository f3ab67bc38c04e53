// Where a link says that a recording begins: ?t=90, ?t=1m30s, ?t=1h2m3s.

const LENGTH = /^(?:(\d{1,4})h)?(?:(\d{1,5})m)?(?:(\d{1,7})s?)?$/;

// Seconds, or null where the address names no place in a recording of this length.
export function startTime(search, duration) {
  const found = LENGTH.exec(new URLSearchParams(search).get("t") || "");
  if (!found || !found[0]) return null;
  const [hours, minutes, seconds] = found.slice(1).map((digits) => Number(digits || 0));
  const at = hours * 3600 + minutes * 60 + seconds;
  return at < duration ? at : null;
}
