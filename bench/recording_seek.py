"""Claim: a recording shows the place one seeks to within half a second, as it was live and as one file a rendition.

    python -m bench.recording_seek [--seconds 60] [--seeks 20]

The encoder drops once on the way. The same frames must be in the recording before and after it is consolidated. The
rival is the same player over the same segments as they were live: the second row beside the first.
"""

import argparse
import random
import sys
import time

from bench.browser import Browser
from bench.inside import consolidate
from bench.recordings import check_recording, recording_of
from bench.report import Line, report
from bench.show import Show
from bench.stack import Stack

BAR_SECONDS = 0.5
AWAY_SECONDS = 2
GIVE_UP_SECONDS = 15
SEED = 3
# Runs in the page: seeks, and resolves with the seconds until a frame of that place is shown.
SEEK = """(at) => new Promise((resolve) => {
  const { video } = window.millracePlayer;
  const asked = performance.now();
  const look = (_now, frame) => {
    if (Math.abs(frame.mediaTime - at) < 0.5) resolve((frame.expectedDisplayTime - asked) / 1000);
    else video.requestVideoFrameCallback(look);
  };
  video.requestVideoFrameCallback(look);
  video.currentTime = at;
})"""


def seeks(browser: Browser, url: str, places: list[float]) -> list[float]:
    """Seconds of each, in a browser that has not seen the recording."""
    viewer = browser.new_viewer()
    viewer.open(url)
    viewer.wait_for_frame(lambda frame: frame.number is not None, seconds=GIVE_UP_SECONDS)
    viewer.page.wait_for_timeout(1_000)
    took = []
    for place in places:
        took.append(float(viewer.page.evaluate(SEEK, place)))
        viewer.page.wait_for_timeout(500)
    browser.close_viewers()
    return took


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--seconds", type=int, default=60, help="on air")
    options.add_argument("--seeks", type=int, default=20)
    chosen = options.parse_args()
    chance = random.Random(SEED)
    places = [chance.uniform(2, chosen.seconds - 6) for _ in range(chosen.seeks)]
    with Stack(TRANSCODED_RUNGS=2, CONSOLIDATE_AFTER=86_400) as stack, Browser() as browser, _show(stack) as show:
        time.sleep(chosen.seconds / 2)
        show.publisher.drop()
        time.sleep(AWAY_SECONDS)
        show.begin()
        time.sleep(chosen.seconds / 2)
        show.finish()
        url = f"{stack.url}/videos/{recording_of(show)['id']}"
        before, frames = seeks(browser, url, places), check_recording(show).numbers
        consolidate(stack, show.stream_id)
        after, frames_after = seeks(browser, url, places), check_recording(show).numbers
    lines = [
        Line("segments as they were live, worst seek", max(before), bar=BAR_SECONDS, note=_typical(before)),
        Line("one file a rendition, worst seek", max(after), bar=BAR_SECONDS, note=_typical(after)),
        Line("frames that are not in both", len(frames ^ frames_after), unit="", bar=0, note=f"of {len(frames)}"),
    ]
    return report("Seek in a recording", lines)


def _show(stack: Stack) -> Show:
    return Show(stack, stack.create_user("alice", streamer=True))  # its clip plays once: each frame has its number


def _typical(seconds: list[float]) -> str:
    return f"median {sorted(seconds)[len(seconds) // 2]:.3f} s of {len(seconds)}"


if __name__ == "__main__":
    sys.exit(main())
