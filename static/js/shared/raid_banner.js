// Tells viewers that they are being sent to another channel, lets them stay, and takes along who watches.

const LAST_WORD_SECONDS = 10; // before the end it is said once more, for who does not see the seconds

export class RaidBanner {
  // `elsewhere` shows the target's picture; `comeBack` shows the page's own again.
  constructor(root, { events, elsewhere, comeBack }) {
    this.root = root;
    this.events = events;
    this.elsewhere = elsewhere;
    this.comeBack = comeBack;
    this.raid = null;
    this.gone = false; // the target's picture is shown already
    this.staying = null; // the raid that this viewer does not follow
    this.part("stay").addEventListener("click", () => this.stay());
  }

  // The running raid as the page's socket tells it, or null.
  show(raid) {
    if (this.gone) return;
    const before = this.raid;
    this.raid = raid;
    if (raid?.id !== before?.id) this.stop();
    this.root.hidden = !raid || this.staying === raid.id;
    if (!raid && before?.state === "counting" && this.staying !== before.id) this.say("The raid is cancelled. You stay here.");
    if (!raid || this.staying === raid.id) return;
    this.part("name").textContent = raid.display_name;
    this.part("link").href = raid.url;
    if (raid.state === "counting") this.countDown(raid);
    else this.leave(raid);
  }

  countDown(raid) {
    const endsAt = performance.now() + raid.seconds_left * 1000;
    this.said = false;
    this.say(`In ${raid.seconds_left} seconds you go to ${raid.display_name}. Press Stay here to stay.`);
    const tick = () => {
      const left = Math.max(0, Math.ceil((endsAt - performance.now()) / 1000));
      this.part("when").textContent = left ? `in ${left} s` : "in a moment";
      if (left > LAST_WORD_SECONDS || this.said || raid.seconds_left <= LAST_WORD_SECONDS) return;
      this.said = true;
      this.say(`In ${left} seconds you go to ${raid.display_name}.`);
    };
    clearInterval(this.ticking);
    this.ticking = setInterval(tick, 1000);
    tick();
  }

  // Everybody at a moment of his own: first the picture, within seconds, then the page, as fast as the site makes pages.
  leave(raid) {
    clearInterval(this.ticking);
    this.part("when").textContent = "now";
    if (!this.events.hasWatched || this.leaving) return;
    this.say(`Going to ${raid.display_name}.`);
    this.leaving = setTimeout(() => this.arrive(raid), Math.random() * raid.spread_seconds * 1000);
  }

  arrive(raid) {
    this.gone = true;
    this.elsewhere.visit(raid);
    this.leaving = setTimeout(() => location.assign(raid.url), Math.random() * raid.page_spread_seconds * 1000);
  }

  stay() {
    this.stop();
    this.staying = this.raid.id;
    this.root.hidden = true;
    this.say("You stay here.");
    if (!this.gone) return;
    this.gone = false;
    this.elsewhere.comeBack();
    this.comeBack();
  }

  stop() {
    clearInterval(this.ticking);
    clearTimeout(this.leaving);
    this.leaving = null;
  }

  say(text) {
    document.querySelector("[data-raid-said]").textContent = text;
  }

  part(name) {
    return this.root.querySelector(`[data-raid-${name}]`);
  }
}
