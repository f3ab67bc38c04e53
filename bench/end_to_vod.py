"""From the declared end of a broadcast to the first picture of its recording, and whether every frame is in it.

python -m bench.end_to_vod
"""

import sys
import time

from bench.browser import Browser
from bench.recordings import Recorded, check_recording, recording_of
from bench.report import Line, report, worst_line
from bench.show import Show
from bench.stack import Person, Stack

ROUNDS = 3
ON_AIR_MS = 12_000
BAR_SECONDS = 2.0
GIVE_UP_SECONDS = 15


def end_once(stack: Stack, browser: Browser, streamer: Person) -> tuple[float, Recorded]:
    """Seconds to the recording's first picture, and what is in it."""
    with Show(stack, streamer) as show:
        viewer = browser.new_viewer()
        viewer.page.wait_for_timeout(ON_AIR_MS)
        declared_at = time.time()
        show.finish()
        viewer.open(f"{stack.url}/videos/{recording_of(show)['id']}")
        first = viewer.wait_for_frame(lambda frame: frame.number is not None, seconds=GIVE_UP_SECONDS)
        browser.close_viewers()
        return first.shown_at - declared_at, check_recording(show)


def main() -> int:
    with Stack(TRANSCODED_RUNGS=2) as stack, Browser() as browser:
        streamers = stack.create_users([f"alice{number}" for number in range(ROUNDS)], streamer=True)
        rounds = [end_once(stack, browser, streamer) for streamer in streamers]
    recordings = [recorded for _, recorded in rounds]
    lines = [
        worst_line("end to picture of the recording", [seconds for seconds, _ in rounds], bar=BAR_SECONDS),
        Line("frames recorded", sum(len(one.numbers) for one in recordings), unit="", note="none missing within a run"),
        Line("sent before the packager was there", sum(one.lost_at_start for one in recordings), unit="frames"),
    ]
    return report("End to recording", lines)


if __name__ == "__main__":
    sys.exit(main())
