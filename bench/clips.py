"""A clip of the last 60 s of a broadcast: from the click in the editor to the first picture on the clip's page, and
whether that is the picture that was asked for.

python -m bench.clips
"""

import sys
import time

from bench.browser import Browser
from bench.clipping import MadeClip, make_clip
from bench.report import Line, median_line, report
from bench.show import Show
from bench.stack import Person, Stack
from tests.end_to_end.signing_in import sign_in

ROUNDS = 5
CLIP_SECONDS = 60
ON_AIR_SECONDS = 70
WATCHED_MS = 5_000
BAR_SECONDS, BAR_PICTURES = 3.0, 1
GIVE_UP_SECONDS = 20


def clip_once(stack: Stack, browser: Browser, show: Show, clipper: Person) -> MadeClip:
    viewer = browser.new_viewer()
    sign_in(stack, viewer, clipper)
    viewer.open(show.page)
    viewer.wait_for_frame(lambda frame: frame.number is not None, seconds=GIVE_UP_SECONDS)
    viewer.page.wait_for_timeout(WATCHED_MS)
    made = make_clip(viewer, seconds=CLIP_SECONDS)
    browser.close_viewers()
    return made


def main() -> int:
    with Stack(TRANSCODED_RUNGS=2) as stack, Browser() as browser:
        alice, charlie = stack.create_user("alice", streamer=True), stack.create_user("charlie")
        with Show(stack, alice, loop=True) as show:
            time.sleep(ON_AIR_SECONDS)
            made = [clip_once(stack, browser, show, charlie) for _ in range(ROUNDS)]
    off = [float(abs(one.pictures_off)) for one in made]
    lines = [
        median_line("click to picture of the clip's page", [one.seconds for one in made], bar=BAR_SECONDS),
        Line("first picture beside the wanted one", max(off), unit="pictures", bar=BAR_PICTURES, note="the worst"),
    ]
    return report(f"Clip of the last {CLIP_SECONDS} s of a broadcast, 720p30", lines)


if __name__ == "__main__":
    sys.exit(main())
