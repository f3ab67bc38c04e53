// The settings menu: quality, latency, speed, statistics, shortcuts. Arrow keys move, Escape goes back.

const SPEEDS = [0.5, 0.75, 1, 1.25, 1.5, 2];

export class SettingsMenu {
  constructor(player, button, panel) {
    this.player = player;
    this.button = button;
    this.panel = panel;
    this.page = "main";
    this.open = false;
    button.addEventListener("click", () => (this.open ? this.hide() : this.show()));
    panel.addEventListener("keydown", (event) => this.onKey(event));
    document.addEventListener("pointerdown", (event) => {
      if (this.open && !panel.contains(event.target) && !button.contains(event.target)) this.hide();
    });
    player.addEventListener("quality", () => this.open && this.render());
  }

  show() {
    this.open = true;
    this.panel.hidden = false;
    this.button.setAttribute("aria-expanded", "true");
    this.go("main");
  }

  hide() {
    this.open = false;
    this.panel.hidden = true;
    this.button.setAttribute("aria-expanded", "false");
  }

  go(page) {
    this.page = page;
    this.render();
    this.items()[0]?.focus();
  }

  items() {
    return [...this.panel.querySelectorAll("button")];
  }

  render() {
    const focusedAt = this.items().indexOf(document.activeElement);
    this.panel.replaceChildren(...this[`${this.page}Page`]());
    if (focusedAt >= 0) this.items()[focusedAt]?.focus();
  }

  mainPage() {
    const { engine, live, video } = this.player;
    const rows = [];
    if (engine?.qualities.length) rows.push(row("Quality", this.qualityText(), () => this.go("quality")));
    if (live && engine?.hls) rows.push(row("Latency", engine.lowLatency ? "Low" : "Standard", () => this.go("latency")));
    if (!live) rows.push(row("Speed", video.playbackRate === 1 ? "Normal" : `${video.playbackRate}×`, () => this.go("speed")));
    rows.push(row("Statistics", this.player.stats.shown ? "On" : "Off", () => this.leave(() => this.player.stats.toggle())));
    rows.push(row("Keyboard shortcuts", "?", () => this.leave(() => document.getElementById("shortcuts")?.showModal())));
    return rows;
  }

  qualityText() {
    const { engine } = this.player;
    if (engine.quality === -1) return this.autoText();
    return engine.qualities.find(({ index }) => index === engine.quality)?.label || "";
  }

  autoText() {
    const { shownLabel } = this.player.engine;
    return shownLabel ? `Auto · ${shownLabel}` : "Auto";
  }

  qualityPage() {
    const { engine } = this.player;
    const choose = (index) => () => {
      engine.quality = index;
      this.done();
    };
    const auto = choice(engine.quality === -1 ? this.autoText() : "Auto", engine.quality === -1, choose(-1));
    const fixed = engine.qualities.map(({ index, label }) => choice(label, engine.quality === index, choose(index)));
    return [this.backRow("Quality"), auto, ...fixed];
  }

  latencyPage() {
    const { engine } = this.player;
    const choose = (low) => () => {
      this.player.setLowLatency(low);
      this.done();
    };
    return [
      this.backRow("Latency"),
      choice("Low", engine.lowLatency, choose(true), "Closest to the streamer"),
      choice("Standard", !engine.lowLatency, choose(false), "Steadier on a weak connection"),
    ];
  }

  speedPage() {
    const { video } = this.player;
    const choose = (speed) => () => {
      video.playbackRate = speed;
      this.done();
    };
    return [this.backRow("Speed"), ...SPEEDS.map((speed) => choice(speed === 1 ? "Normal" : `${speed}×`, video.playbackRate === speed, choose(speed)))];
  }

  backRow(title) {
    const button = row(`‹ ${title}`, "", () => this.go("main"));
    button.classList.add("player__menu-back");
    button.setAttribute("aria-label", `Back from ${title}`);
    return button;
  }

  done() {
    this.hide();
    this.button.focus();
  }

  leave(action) {
    this.done();
    action();
  }

  onKey(event) {
    const items = this.items();
    const at = items.indexOf(document.activeElement);
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) items[(at + step + items.length) % items.length].focus();
    else if (event.key === "Escape" || event.key === "ArrowLeft") this.page === "main" ? this.done() : this.go("main");
    else if (event.key === "ArrowRight" && this.page === "main") document.activeElement.click();
    else if (event.key === "Tab") this.hide();
    else return;
    event.stopPropagation();
    if (event.key !== "Tab") event.preventDefault();
  }
}

function row(label, value, action) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "player__menu-row";
  button.setAttribute("role", "menuitem");
  button.append(span(label), span(value, "player__menu-value"));
  button.addEventListener("click", action);
  return button;
}

function choice(label, chosen, action, hint = "") {
  const button = row(label, hint, action);
  button.setAttribute("role", "menuitemradio");
  button.setAttribute("aria-checked", String(chosen));
  return button;
}

function span(text, className = "") {
  const element = document.createElement("span");
  element.textContent = text;
  if (className) element.className = className;
  return element;
}
