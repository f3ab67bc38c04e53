// The line one writes in: counts what readers will count, and waits when the room says wait.

const NEAR_LIMIT = 100; // graphemes left when the counter appears
const segmenter = typeof Intl.Segmenter === "function" ? new Intl.Segmenter(undefined, { granularity: "grapheme" }) : null;

export function graphemes(text) {
  return segmenter ? [...segmenter.segment(text)].length : [...text].length;
}

export class Composer extends EventTarget {
  constructor(root) {
    super();
    this.form = root.querySelector("[data-form]");
    this.input = root.querySelector("[data-input]");
    this.counter = root.querySelector("[data-counter]");
    this.button = root.querySelector("[data-send]");
    this.alert = root.querySelector("[data-alert]");
    this.replyBar = root.querySelector("[data-reply]");
    this.replyText = root.querySelector("[data-reply-text]");
    this.reply = null;
    root.querySelector("[data-reply-close]").addEventListener("click", () => {
      this.setReply(null);
      this.input.focus();
    });
    this.maximum = 500;
    this.standing = null;
    this.waitUntil = 0;
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit();
    });
    this.input.addEventListener("input", () => this.update());
    this.input.addEventListener("keydown", (event) => this.onKey(event));
  }

  onKey(event) {
    if (event.key === "Enter" && !event.isComposing) {
      event.preventDefault();
      this.submit();
    } else if (event.key === "Escape" && this.reply) {
      this.setReply(null);
    }
    event.stopPropagation(); // letters typed here are not the player's shortcuts
  }

  update() {
    this.input.style.height = "auto";
    this.input.style.height = `${this.input.scrollHeight}px`;
    const left = this.maximum - graphemes(this.input.value.trim());
    this.counter.hidden = left > NEAR_LIMIT;
    this.counter.textContent = String(left);
    this.counter.classList.toggle("chat__counter--over", left < 0);
    this.button.disabled = left < 0 || left === this.maximum || this.seconds() > 0;
  }

  submit() {
    this.update();
    const text = this.input.value.trim();
    if (this.button.disabled || !text) return;
    this.input.value = "";
    this.hideAlert();
    this.update();
    const reply = this.reply;
    this.setReply(null);
    this.dispatchEvent(new CustomEvent("say", { detail: { text, reply } }));
  }

  // Gives the text back, unless something new is being written already.
  restore(text, reply = null) {
    if (this.input.value) return;
    this.input.value = text;
    if (reply) this.setReply(reply);
    this.update();
  }

  showAlert(text, retryAfter = null, { stays = false } = {}) {
    this.alertText = text;
    this.waitUntil = retryAfter ? Date.now() + retryAfter * 1000 : 0;
    this.alert.hidden = false;
    clearInterval(this.timer);
    clearTimeout(this.hideTimer);
    if (this.waitUntil) this.timer = setInterval(() => this.tick(), 250);
    else if (!stays) this.hideTimer = setTimeout(() => this.hideAlert(), 8000);
    this.tick();
  }

  // Why nothing can be written here at present; null: it can.
  setStanding(standing) {
    this.input.disabled = Boolean(standing && !standing.retry_after);
    if (standing) this.showAlert(String(standing.text), standing.retry_after, { stays: true });
    else if (this.standing) this.hideAlert();
    this.standing = standing;
    this.update();
  }

  // Puts text where one writes, before what is there.
  begin(text) {
    this.input.value = `${text}${this.input.value}`;
    this.input.focus();
    this.update();
  }

  // Answer this message (null: none) with what is written next.
  setReply(message) {
    this.reply = message;
    this.replyBar.hidden = !message;
    this.replyText.textContent = message ? `Replying to @${message.user.display_name}: ${message.text}` : "";
    if (message) this.input.focus();
  }

  // Puts a word where the cursor is, apart from its neighbours.
  insertWord(word) {
    const { value, selectionStart, selectionEnd } = this.input;
    const before = selectionStart && !/\s$/u.test(value.slice(0, selectionStart)) ? " " : "";
    this.input.setRangeText(`${before}${word} `, selectionStart, selectionEnd, "end");
    if (matchMedia("(pointer: fine)").matches) this.input.focus();
    this.update();
  }

  tick() {
    const seconds = this.seconds();
    if (this.waitUntil && !seconds) {
      this.hideAlert();
    } else {
      const text = seconds ? `${this.alertText} You can write again in ${seconds} s.` : this.alertText;
      if (this.alert.textContent !== text) this.alert.textContent = text;
    }
    this.update();
  }

  hideAlert() {
    clearInterval(this.timer);
    clearTimeout(this.hideTimer);
    this.waitUntil = 0;
    this.alert.hidden = true;
  }

  seconds() {
    return Math.max(0, Math.ceil((this.waitUntil - Date.now()) / 1000));
  }
}
