// How fast live video plays: a little faster when it is late, slower while the line cannot keep up, so that the picture
// moves on where it would have stood still. Facts in, rate out. Pure.
//
// late: seconds behind the wanted distance to the edge, or null when no one wants the edge
// ahead: seconds in the buffer · part: length of a part, or null where there are none
// starving: the part on its way will come after the buffer is empty

const FASTEST = 1.1;
const SLOWEST = 0.7;
const WORTH_IT_SECONDS = 0.05;
const ENOUGH_SECONDS = 1;
const ENOUGH_PARTS = 3;

export function paceFor({ late, ahead, part, starving }) {
  if (late === null) return 1;
  if (starving && ahead < ENOUGH_SECONDS) return SLOWEST;
  const enough = part ? Math.min(ENOUGH_PARTS * part, ENOUGH_SECONDS) : ENOUGH_SECONDS;
  if (late <= WORTH_IT_SECONDS || ahead <= enough || starving) return 1;
  // Steps of 0.05: each change of the rate is work for the sound.
  return Math.min(1 + Math.max(Math.round(late * 4), 1) / 20, FASTEST);
}
