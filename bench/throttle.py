"""A viewer's line falls from 20 to 2 and to 0.7 Mbit/s and is released: freezes, and how soon the best quality is back.

python -m bench.throttle
"""

import itertools
import sys
import time
from dataclasses import dataclass

from bench.browser import Browser, Frame, Viewer, latency_of
from bench.report import Line, report
from bench.show import Show
from bench.stack import Stack

WIDE, NARROW, NARROWER = 20.0, 2.0, 0.7  # Mbit/s
LINE_DELAY_MS = 20
SETTLE_MS = 10_000
NARROW_MS = 12_000
GIVE_UP_SECONDS = 40
FREEZE_SECONDS = 0.2  # a picture that stands longer than this is seen to stand
BAR_FREEZES, BAR_FROZEN_SECONDS, BAR_RECOVERY_SECONDS = 1, 0.5, 6.0
BAR_CALM_AGAIN_SECONDS = 30.0
CLOSE_SECONDS = 0.3


@dataclass(frozen=True)
class Outcome:
    """What the viewer saw. Seconds; a freeze is how long one frame stood."""

    freezes: list[float]
    back_at_top: float
    back_at_latency: float
    latency_before: float
    lowest_lines: dict[float, int]  # by the line's Mbit/s


class Wire:
    """A viewer's line, throttled by the browser itself: every request of the page shares it."""

    def __init__(self, viewer: Viewer) -> None:
        self._session = viewer.page.context.new_cdp_session(viewer.page)
        self._session.send("Network.enable")

    def set(self, megabits: float) -> float:
        """Returns the Unix time from which it holds."""
        bytes_per_second = megabits * 1e6 / 8
        conditions = {
            "offline": False,
            "latency": LINE_DELAY_MS,
            "downloadThroughput": bytes_per_second,
            "uploadThroughput": bytes_per_second,
        }
        self._session.send("Network.emulateNetworkConditions", conditions)
        return time.time()


def throttle(show: Show, viewer: Viewer) -> Outcome:
    wire = Wire(viewer)
    wire.set(WIDE)
    viewer.open(show.page)
    first = viewer.wait_for_frame(lambda frame: frame.lines == show.clip.height, seconds=GIVE_UP_SECONDS)
    viewer.page.wait_for_timeout(SETTLE_MS)
    before = latency_of(viewer.frames(since=first.shown_at + SETTLE_MS / 2000), show.sent)
    lowest = {}
    began = time.time()
    for megabits in (NARROW, NARROWER):
        since = wire.set(megabits)
        viewer.page.wait_for_timeout(NARROW_MS)
        lowest[megabits] = min(frame.lines for frame in viewer.frames(since=since))
    released = wire.set(WIDE)
    top = viewer.wait_for_frame(lambda frame: frame.lines == show.clip.height, since=released, seconds=GIVE_UP_SECONDS)
    close = before.p50 + CLOSE_SECONDS
    calm = viewer.wait_for_frame(
        lambda frame: frame.number in show.sent and frame.shown_at - show.sent[frame.number] <= close,
        since=top.shown_at,
        seconds=GIVE_UP_SECONDS,
    )
    viewer.page.wait_for_timeout(2_000)
    frames = viewer.frames(since=began)
    return Outcome(freezes(frames), top.shown_at - released, calm.shown_at - released, before.p50, lowest)


def freezes(frames: list[Frame]) -> list[float]:
    """How long the picture stood, each time that it did."""
    gaps = (later.shown_at - earlier.shown_at for earlier, later in itertools.pairwise(frames))
    return [gap for gap in gaps if gap > FREEZE_SECONDS]


def _show(stack: Stack) -> Show:
    return Show(stack, stack.create_user("alice", streamer=True), loop=True)


def main() -> int:
    with Stack() as stack, Browser() as browser, _show(stack) as show:
        outcome = throttle(show, browser.new_viewer())
    frozen = ", ".join(f"{seconds:.2f}" for seconds in outcome.freezes)
    lines = [
        Line("freezes", len(outcome.freezes), unit="", bar=BAR_FREEZES, note=frozen),
        Line("frozen in all", sum(outcome.freezes), bar=BAR_FROZEN_SECONDS),
        Line("release to best quality", outcome.back_at_top, bar=BAR_RECOVERY_SECONDS),
        Line("release to usual latency", outcome.back_at_latency, bar=BAR_CALM_AGAIN_SECONDS),
        Line("latency before", outcome.latency_before),
        *(
            Line(f"lowest at {megabits:g} Mbit/s", lines, unit="lines")
            for megabits, lines in outcome.lowest_lines.items()
        ),
    ]
    return report(f"A line of {WIDE:g}, {NARROW:g}, {NARROWER:g} and again {WIDE:g} Mbit/s", lines)


if __name__ == "__main__":
    sys.exit(main())
