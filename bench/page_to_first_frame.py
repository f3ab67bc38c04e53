"""From opening the watch page of a running broadcast to its first picture, each time with an empty cache.

python -m bench.page_to_first_frame [--rounds 15]
"""

import argparse
import statistics
import sys

from bench.browser import DESKTOP_CHROMIUM, Browser
from bench.report import Line, report
from bench.show import Show
from bench.stack import Stack

ROUNDS = 15
BAR_SECONDS = 1.0
RUNNING_MS = 10_000
GIVE_UP_SECONDS = 15


def first_frame(browser: Browser, show: Show, rounds: int = ROUNDS) -> Line:
    """The median of that many new viewers, in seconds."""
    seconds = sorted(_open_once(browser, show) for _ in range(rounds))
    note = f"{seconds[0]:.2f} to {seconds[-1]:.2f}"
    return Line(f"watch: first frame, median of {rounds}", statistics.median(seconds), "s", BAR_SECONDS, note=note)


def _open_once(browser: Browser, show: Show) -> float:
    viewer = browser.new_viewer()
    asked_at = viewer.open(show.page)
    shown = viewer.wait_for_frame(lambda frame: frame.number is not None, seconds=GIVE_UP_SECONDS)
    browser.close_viewers()
    return shown.shown_at - asked_at


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench.page_to_first_frame")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    rounds = parser.parse_args().rounds
    with (
        Stack(TRANSCODED_RUNGS=2) as stack,
        Browser(DESKTOP_CHROMIUM) as browser,
        Show(stack, stack.create_user("alice", streamer=True), loop=True) as show,
    ):
        browser.new_viewer().page.wait_for_timeout(RUNNING_MS)
        line = first_frame(browser, show, rounds)
    return report("Watch page to first frame", [line])


if __name__ == "__main__":
    sys.exit(main())
