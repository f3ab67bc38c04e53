// Reads the test clip's frame counter from every frame a <video> shows. See counter.py for the drawing.
// Loaded as an init script, so that it is there under the site's Content-Security-Policy.
window.frameCounter = (() => {
  const CELLS = 20, NUMBER_BITS = 16, MIN_CONTRAST = 90, PIXELS_PER_CELL = 4;
  const STRIP_OF_PICTURE = 16 / 90;
  const canvas = new OffscreenCanvas(CELLS * PIXELS_PER_CELL, 2 * PIXELS_PER_CELL);
  const context = canvas.getContext("2d", { willReadFrequently: true });

  const checkOf = (number) => (number ^ (number >> 4) ^ (number >> 8) ^ (number >> 12) ^ 0b1010) & 0xf;

  // Mean of the inner pixels of one cell: the outer ones hold a little of the neighbours.
  function cell(pixels, column, row) {
    let sum = 0;
    for (let y = 1; y < PIXELS_PER_CELL - 1; y += 1) {
      for (let x = 1; x < PIXELS_PER_CELL - 1; x += 1) {
        const at = ((row * PIXELS_PER_CELL + y) * canvas.width + column * PIXELS_PER_CELL + x) * 4;
        sum += pixels[at] + pixels[at + 1] + pixels[at + 2];
      }
    }
    return sum / (3 * (PIXELS_PER_CELL - 2) ** 2);
  }

  function read(picture, width, height) {
    if (!width || !height) return null;
    context.drawImage(picture, 0, 0, width, height * STRIP_OF_PICTURE, 0, 0, canvas.width, canvas.height);
    const pixels = context.getImageData(0, 0, canvas.width, canvas.height).data;
    let number = 0, check = 0;
    for (let column = 0; column < CELLS; column += 1) {
      const upper = cell(pixels, column, 0), lower = cell(pixels, column, 1);
      if (Math.abs(upper - lower) < MIN_CONTRAST) return null;
      const bit = upper > lower ? 1 : 0;
      if (column < NUMBER_BITS) number = number * 2 + bit;
      else check = check * 2 + bit;
    }
    return check === checkOf(number) ? number : null;
  }

  const readVideo = (video) => read(video, video.videoWidth, video.videoHeight);

  // Notes [Unix ms when shown, counter or null, media time, lines of the picture] for each frame, and every stall.
  // Follows the element even where a page puts another <video> in its place.
  function collect(selector) {
    const notes = { frames: [], stalls: [], presented: 0 };
    const unixNow = () => performance.timeOrigin + performance.now();
    let followed = null;
    function follow(video) {
      followed = video;
      video.addEventListener("waiting", () => { if (notes.frames.length) notes.stalls.push(unixNow()); });
      const onFrame = (now, frame) => {
        const shownAt = performance.timeOrigin + frame.expectedDisplayTime;
        notes.frames.push([shownAt, readVideo(video), frame.mediaTime, frame.height]);
        notes.presented = frame.presentedFrames;
        video.requestVideoFrameCallback(onFrame);
      };
      video.requestVideoFrameCallback(onFrame);
    }
    const look = () => {
      const video = document.querySelector(selector);
      if (video && video !== followed) follow(video);
    };
    look();
    setInterval(look, 50);
    return notes;
  }

  return { read, readVideo, collect };
})();
