// hls.js lets the sound wait for its next two ticks, up to 200 ms, once the picture has told where its clock stands; but
// nothing is shown before both are there. This one goes on at once.

const [WAITING, IDLE] = ["WAITING_INIT_PTS", "IDLE"]; // the library's names

export function promptSound() {
  return class extends window.Hls.DefaultConfig.audioStreamController {
    onInitPtsFound(event, told) {
      super.onInitPtsFound(event, told);
      if (this.state === WAITING) this.tick(); // appends what has come, or looks what to load
      if (this.state === IDLE) this.tick();
    }
  };
}
