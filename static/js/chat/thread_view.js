// A thread: what answered one message, as far as it is in the page. The first message may be gone; its quote is left.

import { messageElement, messageOf } from "./message_view.js";

export class ThreadView {
  constructor(root, log, context) {
    this.dialog = root.querySelector("[data-thread]");
    this.list = root.querySelector("[data-thread-list]");
    this.log = log;
    this.context = context;
    root.querySelector("[data-log]").addEventListener("click", (event) => {
      const quote = event.target.closest("[data-quote]");
      if (quote) this.open(messageOf(quote.closest(".chat__message"))?.reply);
    });
    root.querySelector("[data-thread-close]").addEventListener("click", () => this.dialog.close());
    this.dialog.addEventListener("click", (event) => event.target === this.dialog && this.dialog.close());
  }

  open(reply) {
    if (!reply) return;
    const thread = this.log.messages(() => true).map(messageOf).filter((message) => belongs(message, reply.thread_id));
    const known = thread.some((message) => message.id === reply.id);
    const first = known ? [] : [{ id: reply.id, user: { id: reply.user_id, login: reply.login, display_name: reply.display_name }, text: reply.text || "message removed" }];
    this.list.replaceChildren(...[...first, ...thread].map((message) => this.item(message)));
    this.dialog.showModal();
    this.list.scrollTop = this.list.scrollHeight;
  }

  item(message) {
    const item = messageElement({ ...message, reply: null, announcement: "" }, this.context());
    for (const name of item.querySelectorAll("[data-person]")) name.disabled = true;
    return item;
  }
}

function belongs(message, threadId) {
  return Boolean(message?.id) && (message.id === threadId || message.reply?.thread_id === threadId);
}
