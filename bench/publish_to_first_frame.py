"""From the encoder's `publish` to the first picture on a watch page that is already open (median of 10).

python -m bench.publish_to_first_frame
"""

import sys

from bench.browser import Browser
from bench.report import median_line, report
from bench.show import Show
from bench.stack import Stack

ROUNDS = 10
BAR_SECONDS = 2.6
PAGE_SETTLES_MS = 2_000
GIVE_UP_SECONDS = 15


def main() -> int:
    with Stack(TRANSCODED_RUNGS=2) as stack, Browser() as browser:
        streamers = stack.create_users([f"alice{number}" for number in range(ROUNDS)], streamer=True)
        seconds = []
        for streamer in streamers:
            show = Show(stack, streamer)
            viewer = browser.new_viewer()
            viewer.open(show.page)
            viewer.page.wait_for_timeout(PAGE_SETTLES_MS)
            with show:
                first = viewer.wait_for_frame(lambda frame: frame.number is not None, seconds=GIVE_UP_SECONDS)
                seconds.append(first.shown_at - show.publisher.asked_at)
                browser.close_viewers()
                show.finish()
    return report("Publish to first frame in an open page", [median_line("median of 10", seconds, bar=BAR_SECONDS)])


if __name__ == "__main__":
    sys.exit(main())
