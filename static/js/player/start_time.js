// Where a link says that a recording begins: ?t=90, ?t=1m30s, ?t=1h2m3s.

const LENGTH = /^(?:(\d{1,4})h)?(?:(\d{1,5})m)?(?:(\d{1,7})s?)?$/;

// Seconds, or null where the address says nothing that can be understood.
export function startTime(search) {
  const found = LENGTH.exec(new URLSearchParams(search).get("t") || "");
  if (!found || !found[0]) return null;
  const [hours, minutes, seconds] = found.slice(1).map((digits) => Number(digits || 0));
  return hours * 3600 + minutes * 60 + seconds;
}

// Goes there as soon as the length is known; returns whether the link names a place.
export function startAtLink(video, search) {
  const at = startTime(search);
  if (at === null) return false;
  const go = () => {
    if (at < video.duration) video.currentTime = at;
  };
  video.addEventListener("loadedmetadata", go, { once: true });
  return true;
}
