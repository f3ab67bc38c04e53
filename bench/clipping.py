"""A viewer makes a clip in the player's own editor, and what the clip begins with."""

import json
import time
from dataclasses import dataclass
from datetime import datetime
from math import floor

from bench.browser import Viewer
from tests.media.counter_clip import STANDARD, Clip

EDITOR_SECONDS = 5
PLAYS_SECONDS = 30
AT_EDGE_MS = 1_500
SLACK_SECONDS = 0.005  # by which a picture may begin after the date that was asked for
# Run in the page. A busy machine shows the next picture while the last one is being read, and leaves pictures out while
# it starts to play; so both read at rest, what a seek has shown.
AT_REST = """const shown = async (video, at) => {
    video.pause();
    const seeked = new Promise((resolve) => video.addEventListener("seeked", resolve, { once: true }));
    video.currentTime = at;
    await seeked;
    await new Promise((resolve) => setTimeout(resolve, 300));
    return [frameCounter.readVideo(video), window.frameNotes.frames.at(-1)[2]];
  };"""
# A picture's number and its date by the player's own clock.
DATE = f"""async () => {{
  {AT_REST}
  const {{ player, video }} = window.millracePlayer;
  const [number, mediaTime] = await shown(video, video.currentTime);
  const date = player.engine.unixAt(mediaTime);
  if (player.live) player.toEdge();
  else video.play();
  return [number, date];
}}"""
# The editor's first handle; the second is where the viewer is.
CHOOSE = """seconds => {
  const [handle, end] = ["begin", "finish"].map((name) => document.querySelector(`#clip-editor [data-${name}]`));
  handle.value = String(Number(end.value) - seconds);
  handle.dispatchEvent(new Event("input"));
}"""
# The number of what is at the clip's 0.
BEGINNING = f"""async () => {{
  {AT_REST}
  return (await shown(document.querySelector("#player-video"), 0))[0];
}}"""


@dataclass(frozen=True)
class MadeClip:
    """Seconds from the click to the first picture on the clip's page, and by how many that is beside the wanted one."""

    seconds: float
    pictures_off: int
    clip_id: str


def make_clip(viewer: Viewer, *, seconds: float, source: Clip = STANDARD) -> MadeClip:
    """Of the last `seconds` before the viewer's place, by keyboard and mouse, on a page that plays `source`."""
    page = viewer.page
    number, date = page.evaluate(DATE)
    page.wait_for_timeout(AT_EDGE_MS)
    page.keyboard.press("Alt+x")
    page.locator("#clip-editor").get_by_role("button", name="Make clip").wait_for(timeout=EDITOR_SECONDS * 1000)
    page.evaluate(CHOOSE, seconds)
    with page.expect_request("**/api/v1/clips") as request:
        clicked_at = time.time()
        page.locator("#clip-editor [data-make]").click()
    page.locator("[data-clip-state=ready]").wait_for(timeout=PLAYS_SECONDS * 1000)
    viewer.wait_until("window.frameNotes.frames.length", seconds=PLAYS_SECONDS)
    shown_at = viewer.frames()[0].shown_at
    wanted = datetime.fromisoformat(json.loads(request.value.post_data or "")["starts_at"]).timestamp()
    expected = number + floor((wanted + SLACK_SECONDS - date) * source.fps)
    off_by = int(page.evaluate(BEGINNING)) - expected
    return MadeClip(shown_at - clicked_at, off_by, page.url.rsplit("/", 1)[-1])
