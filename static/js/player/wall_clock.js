// Between the time of the media element and the streamer's clock, by the dates of the segments. Pure.
//
// fragments: [{start, duration, programDateTime}] in order, `start` in seconds of the media element, the date in Unix
// milliseconds. After an encoder's return the two do not go on in step, so that each segment counts by itself.

export function unixAt(fragments, time) {
  const fragment = fragments.findLast(({ start }) => start <= time) || fragments[0];
  return fragment?.programDateTime ? fragment.programDateTime / 1000 + time - fragment.start : null;
}

export function timeAt(fragments, unix) {
  const fragment = fragments.findLast(({ programDateTime }) => programDateTime / 1000 <= unix) || fragments[0];
  if (!fragment?.programDateTime) return null;
  const into = Math.max(unix - fragment.programDateTime / 1000, 0);
  return fragment.start + (fragment === fragments.at(-1) ? into : Math.min(into, fragment.duration));
}
