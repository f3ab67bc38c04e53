// Pictures for the seek bar: fetched when somebody points at it, again when they have grown old.

const FRESH_MS = 20_000;

export class Storyboard {
  constructor(addressOf) {
    this.addressOf = addressOf;
    this.board = null;
    this.fetchedAt = -Infinity;
  }

  // The tile for a Unix time, or null while there is none.
  tileAt(unix) {
    this.refresh();
    return this.board && unix !== null ? tileAt(this.board, unix) : null;
  }

  async refresh() {
    const address = this.addressOf();
    if (!address || performance.now() - this.fetchedAt < FRESH_MS) return;
    this.fetchedAt = performance.now();
    try {
      const answer = await fetch(address);
      if (answer.ok) this.board = { ...(await answer.json()), base: answer.url };
    } catch {
      // The next look at the bar asks again: without pictures the time alone is shown.
    }
  }
}

// board: see the API's documentation of storyboards · base: its own address, which those of the sprites are relative to
export function tileAt(board, unix) {
  const sprite = board.sprites.findLast(({ starts_at }) => starts_at <= unix);
  if (!sprite) return null;
  const number = Math.floor((unix - sprite.starts_at) / board.interval_seconds);
  if (number >= sprite.tiles + 1) return null;
  const index = Math.min(number, sprite.tiles - 1);
  return {
    url: new URL(sprite.url, board.base).href,
    x: (index % board.columns) * board.tile_width,
    y: Math.floor(index / board.columns) * board.tile_height,
    width: board.tile_width,
    height: board.tile_height,
  };
}
