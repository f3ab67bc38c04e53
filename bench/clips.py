"""A clip of the last 60 s of a broadcast: from the click in the editor to the first picture on the clip's page, and
whether the clip begins with the picture that was asked for.

python -m bench.clips
"""

import sys
import time

from bench.browser import Browser, Viewer
from bench.clipping import MadeClip, make_clip
from bench.report import Line, median_line, report
from bench.show import Show
from bench.stack import Stack
from tests.end_to_end.signing_in import sign_in

ROUNDS = 3  # all before the streamer's 90 s are over: where they are repeated, numbers and dates do not go on in step
CLIP_SECONDS = 60
ON_AIR_SECONDS = 62
BAR_SECONDS, BAR_PICTURES = 3.0, 1
GIVE_UP_SECONDS = 20


def clip_once(viewer: Viewer, show: Show) -> MadeClip:
    viewer.open(show.page)
    viewer.wait_for_frame(lambda frame: frame.number is not None, seconds=GIVE_UP_SECONDS)
    return make_clip(viewer, seconds=CLIP_SECONDS)


def main() -> int:
    with Stack(TRANSCODED_RUNGS=2) as stack, Browser() as browser:
        alice, charlie = stack.create_user("alice", streamer=True), stack.create_user("charlie")
        viewer = browser.new_viewer()
        sign_in(stack, viewer, charlie)
        with Show(stack, alice) as show:
            time.sleep(ON_AIR_SECONDS)
            made = [clip_once(viewer, show) for _ in range(ROUNDS)]
    off = [abs(one.pictures_off) for one in made]
    lines = [
        median_line("click to picture of the clip's page", [one.seconds for one in made], bar=BAR_SECONDS),
        Line(
            "first picture beside the wanted one", max(off), unit="pictures", bar=BAR_PICTURES, note=f"worst of {off}"
        ),
    ]
    return report(f"Clip of the last {CLIP_SECONDS} s of a broadcast, 720p30", lines)


if __name__ == "__main__":
    sys.exit(main())
