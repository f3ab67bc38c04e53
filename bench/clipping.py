"""A viewer makes a clip in the player's own editor, and what the clip's page shows first."""

import json
import time
from bisect import bisect_right
from dataclasses import dataclass
from datetime import datetime

from bench.browser import Viewer

EDITOR_SECONDS = 5
PLAYS_SECONDS = 30
SLACK_SECONDS = 0.005  # by which a picture may begin after the date that was asked for
# Runs in the page: the Unix time of each picture that was shown, by the player's own clock.
DATES = """() => window.frameNotes.frames
  .map(([, number, mediaTime]) => [number, window.millracePlayer.player.engine.unixAt(mediaTime)])
  .filter(([number, unix]) => number !== null && unix !== null)"""
# The same for the editor's first handle.
CHOOSE = """seconds => {
  const handle = document.querySelector("#clip-editor [data-begin]");
  handle.value = String(Number(handle.max) - seconds);
  handle.dispatchEvent(new Event("input"));
}"""


@dataclass(frozen=True)
class MadeClip:
    """Seconds from the click to the first picture on the clip's page, and by how many that is beside the wanted one."""

    seconds: float
    pictures_off: int
    clip_id: str


def make_clip(viewer: Viewer, *, seconds: float) -> MadeClip:
    """Of the last `seconds`, by keyboard and mouse, on a page that plays."""
    page = viewer.page
    page.keyboard.press("Alt+x")
    page.locator("#clip-editor").get_by_role("button", name="Make clip").wait_for(timeout=EDITOR_SECONDS * 1000)
    page.evaluate(CHOOSE, seconds)
    dates = dict(page.evaluate(DATES))
    with page.expect_request("**/api/v1/clips") as request:
        clicked_at = time.time()
        page.locator("#clip-editor [data-make]").click()
    page.locator("[data-clip-state=ready]").wait_for(timeout=PLAYS_SECONDS * 1000)
    viewer.wait_until("window.frameNotes.frames.length", seconds=PLAYS_SECONDS)
    first = viewer.frames()[0]
    wanted = datetime.fromisoformat(json.loads(request.value.post_data or "")["starts_at"]).timestamp()
    return MadeClip(first.shown_at - clicked_at, off_by(first.number, wanted, dates), page.url.rsplit("/", 1)[-1])


def off_by(number: int | None, wanted: float, dates: dict[int, float]) -> int:
    """How many pictures lie between the one shown and the one that was on air at `wanted`."""
    in_order = sorted((unix, shown) for shown, unix in dates.items())
    place = bisect_right([unix for unix, _ in in_order], wanted + SLACK_SECONDS) - 1
    if number is None or place < 0:
        raise AssertionError(f"the clip shows {number}, and nobody saw what was on air at {wanted}")
    return number - in_order[place][1]
