// The last picture stays while another playlist takes over, instead of a black flash.

const GIVE_UP_MS = 4000;

export class Cover {
  constructor(root, video) {
    this.video = video;
    this.canvas = root.querySelector("[data-cover]");
    for (const name of ["loadeddata", "seeked", "error"]) video.addEventListener(name, () => this.hide());
  }

  show() {
    const { canvas, video } = this;
    if (!video.videoWidth || video.readyState < HTMLMediaElement.HAVE_CURRENT_DATA) return;
    [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
    canvas.getContext("2d").drawImage(video, 0, 0);
    canvas.hidden = false;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.hide(), GIVE_UP_MS);
  }

  hide() {
    clearTimeout(this.timer);
    this.canvas.hidden = true;
  }
}
