// Whom one may want to name: who spoke lately, and who is in the room.

import { callApi } from "../shared/api.js";

const KEPT = 200;

export class Names {
  constructor(url) {
    this.url = url;
    this.trigger = "@";
    this.spoke = new Map(); // login -> display name, who spoke last at the end
  }

  add(user) {
    this.spoke.delete(user.login);
    this.spoke.set(user.login, user.display_name);
    if (this.spoke.size > KEPT) this.spoke.delete(this.spoke.keys().next().value);
  }

  async find(beginning) {
    const found = new Map([...this.spoke].reverse().filter(([login]) => login.startsWith(beginning)));
    if (found.size < 3) for (const person of await this.present(beginning)) found.set(person.login, person.display_name);
    return [...found].map(([login, name]) => ({
      label: String(name).toLowerCase() === login ? name : `${name} (${login})`,
      text: `@${login}`,
    }));
  }

  async present(beginning) {
    try {
      return (await callApi("GET", `${this.url}?limit=8&name=${encodeURIComponent(beginning)}`)).results;
    } catch {
      return []; // those who spoke are enough
    }
  }
}
