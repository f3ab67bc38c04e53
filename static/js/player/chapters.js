// Chapters over a recording: marks on the seek bar, and a list to jump from.

export function chapterAt(chapters, seconds) {
  return chapters.findLast((chapter) => chapter.seconds <= seconds) || null;
}

export class ChapterMarks {
  constructor(player) {
    this.player = player;
    this.row = player.root.querySelector("[data-seek-ticks]");
    player.video.addEventListener("durationchange", () => this.draw());
  }

  show(chapters) {
    this.player.chapters = chapters;
    this.draw();
  }

  draw() {
    const { duration } = this.player.video;
    const later = Number.isFinite(duration) ? this.player.chapters.filter(({ seconds }) => seconds > 0 && seconds < duration) : [];
    this.row.replaceChildren(
      ...later.map(({ seconds }) => {
        const tick = document.createElement("span");
        tick.className = "player__tick";
        tick.style.setProperty("--at", `${(seconds / duration) * 100}%`);
        return tick;
      }),
    );
  }
}

// list: buttons with data-chapter, the second at which each begins
export class ChapterList {
  constructor(player, list) {
    this.player = player;
    this.items = [...list.querySelectorAll("[data-chapter]")];
    for (const item of this.items) item.addEventListener("click", () => this.jump(item));
    for (const name of ["timeupdate", "seeking"]) player.video.addEventListener(name, () => this.mark());
  }

  jump(item) {
    this.player.video.currentTime = Number(item.dataset.chapter);
    this.player.video.play().catch(() => {});
  }

  mark() {
    const now = this.player.video.currentTime + 0.05; // a seek may end just before its place
    const current = this.items.findLast((item) => Number(item.dataset.chapter) <= now);
    if (current === this.current) return;
    this.current?.removeAttribute("aria-current");
    current?.setAttribute("aria-current", "true");
    this.current = current;
  }
}
