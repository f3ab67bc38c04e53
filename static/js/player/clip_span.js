// What the clip editor offers and how its handles move. Pure. All times in seconds of one clock.

const SHOWN = 90;
const CHOSEN = 30;
export const LEAST = 5;
const AFTER = 45; // of a recording, behind the viewer's place

// start, end: what there is · now: where the viewer is · live: nothing comes behind that
export function offer({ start, end, now, live }) {
  const to = Math.min(end, live ? now : Math.max(now, start) + AFTER);
  const from = Math.max(start, to - SHOWN);
  const finish = Math.min(Math.max(now, from + LEAST), to);
  return { from, to, begin: Math.max(from, finish - CHOSEN), finish };
}

// One handle moves to `at`; the other gives way where the clip would be too short.
export function moved({ span, handle, at }) {
  const { from, to } = span;
  if (handle === "begin") {
    const begin = Math.min(Math.max(at, from), to - LEAST);
    return { ...span, begin, finish: Math.max(span.finish, begin + LEAST) };
  }
  const finish = Math.max(Math.min(at, to), from + LEAST);
  return { ...span, begin: Math.min(span.begin, finish - LEAST), finish };
}
