// Where a live viewer is by the streamer's clock, in Unix seconds; also while a seek is under way and nothing is loaded.

export class LivePlace {
  constructor(player) {
    this.player = player;
    this.forget();
    for (const name of ["seeked", "loadeddata"]) {
      player.video.addEventListener(name, () => {
        this.sought = null;
      });
    }
  }

  // Nothing is sought any more, or it is another broadcast.
  forget() {
    this.sought = null;
    this.told = null; // the reach of the playlist that was loaded last, and when it was that
  }

  // Called before what is loaded is thrown away.
  goTo(unix) {
    this.lookAtPlaylist();
    this.sought = unix;
  }

  lookAtPlaylist() {
    const reach = this.player.engine?.span;
    if (reach) this.told = { ...reach, at: performance.now() };
    else if (this.sought === null) this.told = null;
  }

  // From where to where the viewer may seek, or null. Between two playlists by the one before.
  get span() {
    const { live, sources, startedAt } = this.player;
    if (!live || !sources) return null;
    this.lookAtPlaylist();
    if (!this.told) return null;
    const edge = this.told.edge + (performance.now() - this.told.at) / 1000;
    const oldest = Math.max(startedAt, edge - sources.dvr_seconds);
    return { start: sources.dvr ? Math.min(oldest, edge) : this.told.start, edge };
  }

  // Where the picture is, or will be when the seek arrives; null when nobody knows.
  get now() {
    return this.sought ?? this.player.engine?.now ?? null;
  }
}
