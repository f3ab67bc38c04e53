// Who is in the room: a list by role, read when somebody wants to see it.

import { callApi } from "../shared/api.js";

const PAGE = 100;
const ROLES = { staff: "Staff", broadcaster: "Broadcaster", moderator: "Moderators", vip: "VIPs", viewer: "Viewers" };

export class ChattersView {
  constructor(root) {
    this.url = `${root.dataset.channel}/chatters`;
    this.dialog = root.querySelector("[data-people]");
    this.list = root.querySelector("[data-people-list]");
    this.count = root.querySelector("[data-people-count]");
    this.more = root.querySelector("[data-people-more]");
    root.querySelector("[data-people-open]").addEventListener("click", () => this.open());
    root.querySelector("[data-people-close]").addEventListener("click", () => this.dialog.close());
    this.dialog.addEventListener("click", (event) => event.target === this.dialog && this.dialog.close());
    this.more.addEventListener("click", () => this.load());
  }

  async open() {
    this.list.replaceChildren();
    this.shown = 0;
    this.role = null;
    this.dialog.showModal();
    await this.load();
  }

  async load() {
    this.more.disabled = true;
    try {
      const page = await callApi("GET", `${this.url}?limit=${PAGE}&offset=${this.shown}`);
      this.count.textContent = page.count ? `${page.count} signed in` : "Nobody is signed in.";
      for (const person of page.results) this.add(person);
      this.shown += page.results.length;
      this.more.hidden = !page.next;
    } catch (error) {
      this.count.textContent = error.message;
    }
    this.more.disabled = false;
  }

  add(person) {
    if (person.role !== this.role) {
      this.role = person.role;
      const heading = document.createElement("h4");
      heading.className = "chat__people-role";
      heading.textContent = ROLES[person.role] ?? ROLES.viewer;
      const group = document.createElement("ul");
      group.className = "chat__people-group";
      this.list.append(heading, group);
    }
    const item = document.createElement("li");
    item.textContent = person.display_name;
    item.dir = "auto";
    this.list.lastElementChild.append(item);
  }
}
