"""The encoder is away for five seconds: from its return to a new picture, in the same page, broadcast and recording.

python -m bench.encoder_return
"""

import sys

from bench.browser import Browser, Viewer, latency_of
from bench.recordings import check_recording
from bench.report import Line, report, worst_line
from bench.show import Show
from bench.stack import Stack

ROUNDS = 3
AWAY_MS = 5_000
BAR_SECONDS = 3.0
GIVE_UP_SECONDS = 20
PLAYED_MS = 6_000
USUAL_AGAIN_SECONDS = 4.0  # after the first new picture
LATENCY_BAR_SECONDS = 3.0


def return_once(show: Show, viewer: Viewer) -> tuple[float, float]:
    """Seconds until the new picture, and how late pictures are a little later."""
    show.publisher.drop()
    viewer.page.wait_for_timeout(AWAY_MS)
    returned = show.begin()
    again = viewer.wait_for_frame(lambda frame: frame.number in returned.sent, seconds=GIVE_UP_SECONDS)
    viewer.page.wait_for_timeout(PLAYED_MS)
    later = latency_of(viewer.frames(since=again.shown_at + USUAL_AGAIN_SECONDS), show.sent)
    return again.shown_at - returned.asked_at, later.p50


def main() -> int:
    with Stack(TRANSCODED_RUNGS=2) as stack, Browser() as browser:
        show = Show(stack, stack.create_user("alice", streamer=True))
        with show:
            viewer = browser.new_viewer()
            viewer.open(show.page)
            viewer.wait_for_frame(lambda frame: frame.number is not None, seconds=GIVE_UP_SECONDS)
            viewer.page.wait_for_timeout(PLAYED_MS)
            mark = viewer.document_mark()
            outcomes = [return_once(show, viewer) for _ in range(ROUNDS)]
            reloads = int(viewer.document_mark() != mark)
            other_broadcasts = int(show.wait_until_live() != show.stream_id)
            show.finish()
            recorded = check_recording(show)
    lines = [
        worst_line("return to picture", [seconds for seconds, _ in outcomes], bar=BAR_SECONDS),
        worst_line("latency again", [latency for _, latency in outcomes], bar=LATENCY_BAR_SECONDS),
        Line("page reloads", reloads, unit="", bar=0),
        Line("other broadcasts", other_broadcasts, unit="", bar=0),
        Line(
            "frames in the one recording",
            len(recorded.numbers),
            unit="",
            note=f"{ROUNDS + 1} runs, none missing within a run",
        ),
        Line("sent before the packager was there", recorded.lost_at_start, unit="frames"),
    ]
    return report("Encoder away for 5 s", lines)


if __name__ == "__main__":
    sys.exit(main())
