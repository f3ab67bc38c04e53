// Which screen lies over the picture: facts in, name out. No DOM, no clock.
//
// channel: "offline" | "starting" | "live" | "reconnecting" | "ended" | "recording"
// picture: a frame of this broadcast has been shown
// moving:  the picture moves (or is paused on purpose)
// problem: something only the viewer can solve, or null
// finished: the media element has reached its end

export function screenFor({ channel, picture, moving, problem, finished }) {
  if (problem) return "error";
  if (channel === "recording") return media(picture, moving || finished);
  if (channel === "offline") return "offline";
  // The last seconds still play out before the farewell.
  if (channel === "ended") return picture && moving && !finished ? "none" : "ended";
  if (channel === "live") return media(picture, moving);
  if (picture) return moving ? "none" : "reconnecting";
  return channel === "reconnecting" ? "reconnecting" : "starting";
}

function media(picture, moving) {
  if (!picture) return "loading";
  return moving ? "none" : "buffering";
}

// What a screen reader hears when the screen changes.
export function announcement(screen, artist) {
  return (
    {
      starting: `${artist} is going live.`,
      reconnecting: `Waiting for ${artist} to come back.`,
      offline: `${artist} is offline.`,
      ended: "The broadcast has ended.",
      buffering: "Loading.",
    }[screen] || ""
  );
}
