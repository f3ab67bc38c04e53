// Starts every chat panel on the page.

import { mountChat } from "./panel.js";

for (const element of document.querySelectorAll("[data-chat]")) mountChat(element);
