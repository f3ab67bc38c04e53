// What one may type after a slash: read when the first slash is typed, and again after he became somebody else.

import { callApi } from "../shared/api.js";

export class Commands {
  constructor(url) {
    this.url = url;
    this.trigger = "/";
    this.first = true; // only where a message begins
    this.known = null;
  }

  forget() {
    this.known = null;
  }

  async find(beginning) {
    this.known ??= callApi("GET", this.url);
    try {
      const commands = await this.known;
      return commands.filter(({ name }) => name.startsWith(beginning)).map(({ name, usage, says }) => ({ label: `${usage}: ${says}`, text: `/${name}` }));
    } catch {
      this.forget();
      return [];
    }
  }
}
