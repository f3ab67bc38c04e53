// What the line carries, judged by the newest pieces of media. No DOM; times come with each sample.
//
// hls.js weighs a sample by how long it took, so after a narrow line the quick little parts of the lowest quality
// weigh next to nothing and the picture stays bad for half a minute. Here what came lately counts, and nothing else.
// Sound and picture share the line, so their bytes are added up over the time in which either was loading.

const LATELY_MS = 1100; // three parts of a third of a second
const PIECES_KEPT = 12;
const LEAST_PIECES = 2;
const DELAYS_KEPT = 8;
const SHORTEST_MS = 4; // below this the clock says nothing
const DEFAULT_DELAY_MS = 50;

export class Bandwidth {
  constructor(defaultEstimate) {
    this.defaultEstimate = defaultEstimate;
    this.pieces = [];
    this.delays = [];
  }

  // A piece of media: asked for at `start`, first byte at `first`, last one at `end` (ms), `bytes` long.
  sample({ start, first, end, bytes }) {
    this.delays = [...this.delays, Math.max(first - start, 0)].slice(-DELAYS_KEPT);
    const piece = { from: Math.min(start + this.delayMs, first || end), to: end, bits: bytes * 8 };
    this.pieces = [...this.pieces, piece].slice(-PIECES_KEPT).filter(({ to }, index, all) => to > end - LATELY_MS || index >= all.length - LEAST_PIECES);
  }

  // What a request waits at least. What it waits longer is the line being full.
  get delayMs() {
    return this.delays.length ? Math.min(...this.delays) : DEFAULT_DELAY_MS;
  }

  getEstimate() {
    if (!this.canEstimate()) return this.defaultEstimate;
    const bits = this.pieces.reduce((sum, piece) => sum + piece.bits, 0);
    return (bits * 1000) / Math.max(busyMs(this.pieces), SHORTEST_MS);
  }

  canEstimate() {
    return this.pieces.length > 0;
  }

  getEstimateTTFB() {
    return this.delayMs;
  }
}

// How long at least one of the pieces was on its way.
function busyMs(pieces) {
  let [busy, until] = [0, -Infinity];
  for (const { from, to } of [...pieces].sort((one, other) => one.from - other.from)) {
    busy += Math.max(to - Math.max(from, until), 0);
    until = Math.max(until, to);
  }
  return busy;
}
