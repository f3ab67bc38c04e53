// The poll above the list: buttons until one has voted, bars afterwards.

import { clock } from "../shared/format.js";
import { recall, remember } from "../shared/storage.js";

const RESULT_MS = 60_000; // how long a result stays
const VOTED = "chat-voted"; // the poll one has voted in: after a reload the bars come at once

export class PollView {
  constructor(root, { order }) {
    this.box = root.querySelector("[data-poll]");
    this.question = root.querySelector("[data-poll-question]");
    this.left = root.querySelector("[data-poll-left]");
    this.choices = root.querySelector("[data-poll-choices]");
    this.total = root.querySelector("[data-poll-total]");
    this.end = root.querySelector("[data-poll-end]");
    this.order = order;
    this.poll = null;
    this.you = null;
    this.choices.addEventListener("click", (event) => {
      const choice = event.target.closest("[data-choice]");
      if (choice && !choice.disabled) order(`/vote ${choice.dataset.choice}`);
    });
    this.end.addEventListener("click", () => order("/endpoll"));
    root.querySelector("[data-poll-hide]").addEventListener("click", () => this.hide());
  }

  // `poll` null: there is none. A result is only shown to those who were there.
  show(poll, { you, mayModerate }) {
    clearTimeout(this.timer);
    clearInterval(this.ticker);
    const old = this.poll?.id === poll?.id ? this.poll : null;
    this.poll = poll && old && !poll.ended ? { ...poll, votes: poll.votes.map((votes, at) => Math.max(votes, old.votes[at])) } : poll;
    this.you = you;
    if (!poll || (poll.ended && this.box.hidden)) {
      this.hide();
      return;
    }
    this.question.textContent = poll.question;
    this.choices.replaceChildren(...poll.choices.map((choice, at) => choiceElement(choice, at + 1)));
    this.end.hidden = poll.ended || !mayModerate;
    this.box.hidden = false;
    this.ticker = setInterval(() => this.tick(), 1000);
    if (poll.ended) this.timer = setTimeout(() => this.hide(), RESULT_MS);
    this.tick();
    this.showVotes();
  }

  progress({ id, votes }) {
    if (this.poll?.id !== id || this.poll.ended) return;
    this.poll.votes = votes;
    this.showVotes();
  }

  voted() {
    if (!this.poll) return;
    remember(VOTED, this.poll.id);
    this.showVotes();
  }

  showVotes() {
    const { votes, ended, id } = this.poll;
    const voted = recall(VOTED) === String(id);
    const total = votes.reduce((sum, number) => sum + number, 0);
    for (const button of this.choices.children) {
      const number = votes[button.dataset.choice - 1];
      const share = total ? Math.round((100 * number) / total) : 0;
      button.disabled = ended || voted || !this.you;
      button.style.setProperty("--share", `${share}%`);
      button.lastElementChild.textContent = `${share} % (${number})`;
      button.classList.toggle("chat__choice--first", ended && number > 0 && number === Math.max(...votes));
    }
    this.total.textContent = `${total} vote${total === 1 ? "" : "s"}${voted && !ended ? ", yours among them" : ""}`;
  }

  tick() {
    const seconds = Math.ceil((Date.parse(this.poll.ends_at) - Date.now()) / 1000);
    this.left.textContent = this.poll.ended ? "Result" : clock(seconds);
    if (seconds < -5 && !this.poll.ended) this.hide(); // its end was missed
  }

  hide() {
    clearInterval(this.ticker);
    this.box.hidden = true;
  }
}

function choiceElement(text, number) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "chat__choice";
  button.dataset.choice = number;
  const name = document.createElement("bdi");
  name.className = "chat__choice-name";
  name.textContent = text;
  const share = document.createElement("span");
  share.className = "numeric";
  button.append(name, share);
  return button;
}
