"""From opening the watch page of a running broadcast to its first picture (median of 5, each a new browser profile).

python -m bench.page_to_first_frame
"""

import sys

from bench.browser import Browser
from bench.report import median_line, report
from bench.show import Show
from bench.stack import Stack

ROUNDS = 5
BAR_SECONDS = 1.0
RUNNING_MS = 10_000
GIVE_UP_SECONDS = 15


def open_once(show: Show, browser: Browser) -> float:
    browser.close_viewers()
    viewer = browser.new_viewer()
    asked_at = viewer.open(show.page)
    return viewer.wait_for_frame(lambda frame: frame.number is not None, seconds=GIVE_UP_SECONDS).shown_at - asked_at


def main() -> int:
    with (
        Stack(TRANSCODED_RUNGS=2) as stack,
        Browser() as browser,
        Show(stack, stack.create_user("alice", streamer=True)) as show,
    ):
        browser.new_viewer().page.wait_for_timeout(RUNNING_MS)
        seconds = [open_once(show, browser) for _ in range(ROUNDS)]
    return report("Watch page to first frame", [median_line("median of 5", seconds, bar=BAR_SECONDS)])


if __name__ == "__main__":
    sys.exit(main())
