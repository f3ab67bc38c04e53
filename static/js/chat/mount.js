// Starts every chat panel on the page: after the first picture where there will be one, for the panel is two dozen modules.

const PICTURE_WAIT_MS = 800; // then chat comes first

function picture() {
  const state = document.getElementById("watch-state");
  const video = document.querySelector("#player video");
  if (!video || !state || JSON.parse(state.textContent).state !== "live") return Promise.resolve();
  return new Promise((resolve) => {
    video.addEventListener("loadeddata", resolve, { once: true });
    setTimeout(resolve, PICTURE_WAIT_MS);
  });
}

await picture();
const { mountChat } = await import("./panel.js");
for (const element of document.querySelectorAll("[data-chat]")) mountChat(element);
