// The page of notifications: new ones come to the top while one reads.

import { notificationRow } from "../shared/notification_row.js";

const list = document.querySelector("[data-notification-list]");
const { icons } = document.querySelector("[data-icons]").dataset;
const firstPage = !new URLSearchParams(location.search).has("before");

document.addEventListener("millrace:notification", ({ detail }) => {
  if (!list || !firstPage || list.querySelector(`[data-notification="${Number(detail.id)}"]`)) return;
  document.querySelector("[data-nothing]")?.remove();
  list.prepend(notificationRow(detail, icons));
  document.querySelector("[data-read-all]").hidden = false;
});
