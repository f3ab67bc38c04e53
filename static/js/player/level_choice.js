// Which quality to load next: facts in, index out. Pure.
//
// levels: [{rate, average, usable}] by rising rate; `rate` is the peak, both in bits per second · current: the one loaded now, -1 before the first
// bandwidth: what the line carries, bits per second · mayClimb · ahead: seconds of picture in the buffer
// segment, part: their lengths in seconds · between: the next piece begins a segment
// appended: seconds of the current segment that are in the buffer · loaded: those, and what has come of the next part
// delay: seconds that a request waits
//
// Only the beginning of a segment is a key frame. Who changes within a segment loads it again from there, and the first
// new frame displaces all the old ones of it. So climbing waits for the next segment, and falling does too unless that
// would let the picture stand still for longer.

const STAY_SHARE = 0.95; // of the line
const CHANGE_SHARE = 0.8;
const SLOWEST_PACE = 0.7; // see pace.js: a starving player makes its buffer last longer
const UNSEEN_SECONDS = 0.05;

export function chooseLevel(facts) {
  const { levels, current, bandwidth, between } = facts;
  const affordable = highest(levels, bandwidth * CHANGE_SHARE);
  if (current < 0 || !levels[current]?.usable) return affordable;
  if (affordable > current) return between && facts.mayClimb ? affordable : current;
  if (affordable === current || levels[current].rate <= bandwidth * STAY_SHARE) return current;
  return between ? affordable : fallWithin(facts, affordable);
}

function fallWithin(facts, affordable) {
  let [best, least] = [facts.current, frozenByStaying(facts, affordable)];
  for (let index = affordable; index >= 0 && least > UNSEEN_SECONDS; index -= 1) {
    const frozen = facts.levels[index].usable ? frozenByFalling(facts, index) : Infinity;
    if (frozen < least) [best, least] = [index, frozen];
  }
  return best;
}

// How long the picture stands still before the first part of the next segment is there.
function frozenByStaying({ levels, current, bandwidth, ahead, segment, loaded, part, delay }, next) {
  const left = segment - loaded;
  const seconds = (left * levels[current].average + part * levels[next].average) / bandwidth + delay;
  return Math.max(seconds - (ahead + left) / SLOWEST_PACE, 0);
}

// While the play head is still in the segment before, the first new part must come in time. Once it is in this one,
// the decoder cannot change over before the next key frame: what is not yet in the buffer is never shown.
function frozenByFalling({ levels, bandwidth, ahead, segment, appended, part, delay }, index) {
  const seconds = (part * levels[index].average) / bandwidth + 2 * delay;
  const before = ahead - appended;
  if (before > 0) return Math.max(seconds - before / SLOWEST_PACE, 0);
  return Math.max(segment - appended, (appended / part) * seconds);
}

// The best usable one within a rate; else the lowest usable one.
function highest(levels, rate) {
  let found = levels.findIndex(({ usable }) => usable);
  levels.forEach((level, index) => {
    if (level.usable && level.rate <= rate) found = index;
  });
  return Math.max(found, 0);
}
