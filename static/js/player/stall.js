// Where to jump when the play head is stuck or has fallen behind: facts in, target time (or null) out.
//
// ranges: buffered [start, end] pairs · edge: where low-latency playback would be now, or null

const GAP_SECONDS = 0.05;
const LANDING_SECONDS = 0.1; // a little inside the range, so that a rounding error does not miss it
const LEAD_SECONDS = 0.3;
const STICKS_SECONDS = 1; // more than this is there and does not play
const WINDOW_SECONDS = 6; // further behind than this, waiting for the missing part is hopeless

export function jumpTarget({ now, ranges, edge }) {
  const ahead = ranges.filter(([start, end]) => start > now + GAP_SECONDS && end - start > LANDING_SECONDS).pop();
  if (ahead) {
    const [start, end] = ahead;
    const wanted = edge === null ? start : Math.min(edge, end - LEAD_SECONDS);
    return Math.max(start + LANDING_SECONDS, wanted);
  }
  const here = ranges.find(([start, end]) => start <= now + GAP_SECONDS && now < end);
  if (here && here[1] - now > STICKS_SECONDS) return now + LANDING_SECONDS; // data is there, the decoder sticks: nudge it
  // Play heads also stop a little before the end of what is there.
  if (edge !== null && edge - now > WINDOW_SECONDS) return edge;
  return null;
}

// After a stall the player is late. Catching up at 1.1× is right for a second, a jump for more.
export function catchUpTarget({ now, ranges, edge, behind }) {
  if (edge === null || behind < 2.5) return null;
  const buffered = ranges.some(([start, end]) => start <= edge && edge < end - LEAD_SECONDS);
  return buffered || behind > WINDOW_SECONDS ? Math.max(edge, now) : null;
}

export function rangesOf(buffered) {
  return Array.from({ length: buffered.length }, (_, index) => [buffered.start(index), buffered.end(index)]);
}
