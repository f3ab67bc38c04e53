"""From handing a frame to RTMP until it is on the viewer's screen; ours, and nginx-rtmp's HLS beside it.

    python -m bench.glass_to_glass [--seconds 60]

The same clip (720p30, 3 Mbit/s), the same machine, one after the other; the page is opened on a running broadcast. The
number in each displayed frame is read through a canvas and compared with the clock of the publisher that sent it.
"""

import argparse
import sys

from bench.browser import Browser, Latency, Viewer, latency_of
from bench.free_ports import free_ports
from bench.report import Line, report
from bench.rival import STREAM, Rival
from bench.show import Show
from bench.stack import Stack
from tests.media.counter_clip import Clip
from tests.media.publisher import Publisher, clip_tags

P95_BAR_SECONDS = 1.6
RATIO_BAR = 4.0
BEFORE_PAGE_MS = 12_000  # the rival lists three fragments by then, as for any viewer who comes later
SETTLE_MS = 6_000
GIVE_UP_SECONDS = 20
TOO_LATE_SECONDS = 0.3  # a frame that left later than this makes the run void: the machine was too busy


def clip_for(seconds: int) -> Clip:
    return Clip(seconds=seconds + (BEFORE_PAGE_MS + SETTLE_MS) // 1000 + 12)


def watch(viewer: Viewer, page: str, publisher: Publisher, seconds: int) -> tuple[Latency, int, set[int]]:
    """Latency and stalls over `seconds` of settled playback, and the lines of the picture."""
    viewer.page.wait_for_timeout(BEFORE_PAGE_MS)
    viewer.open(page)
    first = viewer.wait_for_frame(lambda frame: frame.number is not None, seconds=GIVE_UP_SECONDS)
    viewer.page.wait_for_timeout(SETTLE_MS + seconds * 1000)
    since = first.shown_at + SETTLE_MS / 1000
    if publisher.latest > TOO_LATE_SECONDS:
        raise SystemExit(f"Void: a frame left {publisher.latest:.2f} s too late, this machine is too busy.")
    frames = viewer.frames(since=since)
    return latency_of(frames, publisher.sent), len(viewer.stalls(since=first.shown_at)), {one.lines for one in frames}


def measure_ours(seconds: int) -> tuple[Latency, int, set[int]]:
    with (
        Stack(TRANSCODED_RUNGS=2) as stack,
        Browser() as browser,
        Show(stack, stack.create_user("alice", streamer=True), clip=clip_for(seconds)) as show,
    ):
        return watch(browser.new_viewer(), show.page, show.publisher, seconds)


def measure_rival(seconds: int) -> tuple[Latency, int, set[int]]:
    port, rtmp_port = free_ports(2)
    with (
        Rival(port=port, rtmp_port=rtmp_port) as rival,
        Browser() as browser,
        Publisher(port=rtmp_port, key=STREAM, tags=clip_tags(clip_for(seconds))) as publisher,
    ):
        return watch(browser.new_viewer(), rival.page, publisher, seconds)


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench.glass_to_glass")
    parser.add_argument("--seconds", type=int, default=60)
    seconds = parser.parse_args().seconds
    clip_tags(clip_for(seconds))  # encoded before anything is timed
    ours, stalls, lines = measure_ours(seconds)
    theirs, their_stalls, _ = measure_rival(seconds)
    sent = seconds * clip_for(seconds).fps
    note = f"{ours.frames} of {sent} frames, {ours.unreadable} unreadable, {'/'.join(map(str, sorted(lines)))} lines"
    their_note = f"{theirs.frames} of {sent} frames, {theirs.unreadable} unreadable"
    table = [
        Line("ours p50", ours.p50, note=note),
        Line("ours p95", ours.p95, bar=P95_BAR_SECONDS),
        Line("ours max", ours.max),
        Line("ours stalls", stalls, unit="", bar=0),
        Line("nginx-rtmp HLS p50", theirs.p50, note=their_note),
        Line("nginx-rtmp HLS p95", theirs.p95),
        Line("nginx-rtmp HLS max", theirs.max),
        Line("nginx-rtmp HLS stalls", their_stalls, unit=""),
        Line("ratio of the medians", theirs.p50 / ours.p50, unit="×", bar=RATIO_BAR, at_least=True),
    ]
    return report(f"RTMP send to frame on screen, {seconds} s of 720p30", table)


if __name__ == "__main__":
    sys.exit(main())
