"""SIGKILL of FFmpeg and of the live worker while on air: seconds until a picture sent after it is on the screen.

python -m bench.kill_recovery
"""

import os
import signal
import sys
import time

from bench.browser import Browser, Viewer
from bench.processes import Process, still_running
from bench.report import Line, report, worst_line
from bench.show import Show
from bench.stack import Stack

ROUNDS = 3
FFMPEG_BAR_SECONDS = 4.0
WORKER_BAR_SECONDS = 6.0
GIVE_UP_SECONDS = 30
BETWEEN_MS = 6_000
WATCHED_LINES = 480  # a transcoded rung: the source does not pass through FFmpeg


def ffmpegs(stack: Stack) -> list[Process]:
    """Those that transcode; one that draws a preview comes and goes."""
    return [process for process in stack.processes("libx264") if process.name == "ffmpeg"]


def live_worker_above(ffmpeg: Process, stack: Stack) -> Process:
    """The Celery worker that owns this FFmpeg: the highest process above it that is one."""
    ours = {process.pid: process for process in stack.processes()}
    above = ours[ffmpeg.parent]
    while above.parent in ours and "-n live-" in ours[above.parent].command:
        above = ours[above.parent]
    return above


def kill_once(show: Show, viewer: Viewer, victim: Process) -> float:
    """Seconds from the kill to a picture that was sent after it."""
    os.kill(victim.pid, signal.SIGKILL)
    killed_at = time.time()
    again = viewer.wait_for_frame(
        lambda frame: show.sent.get(frame.number or -1, 0.0) > killed_at, since=killed_at, seconds=GIVE_UP_SECONDS
    )
    viewer.page.wait_for_timeout(BETWEEN_MS)
    return again.shown_at - killed_at


def main() -> int:
    with (
        Stack(TRANSCODED_RUNGS=2) as stack,
        Browser() as browser,
        Show(stack, stack.create_user("alice", streamer=True), loop=True) as show,
    ):
        viewer = browser.new_viewer()
        viewer.open(show.page)
        viewer.wait_for_frame(lambda frame: frame.number is not None, seconds=GIVE_UP_SECONDS)
        viewer.choose_quality(WATCHED_LINES)
        viewer.page.wait_for_timeout(BETWEEN_MS)
        seen: list[Process] = []
        of_ffmpeg, of_worker = [], []
        for _ in range(ROUNDS):
            seen += ffmpegs(stack)
            of_ffmpeg.append(kill_once(show, viewer, ffmpegs(stack)[0]))
            seen += ffmpegs(stack)
            of_worker.append(kill_once(show, viewer, live_worker_above(ffmpegs(stack)[0], stack)))
        orphans = set(still_running(seen)) - set(ffmpegs(stack))
        other_broadcasts = int(show.wait_until_live() != show.stream_id)
    lines = [
        worst_line("FFmpeg killed to picture", of_ffmpeg, bar=FFMPEG_BAR_SECONDS),
        worst_line("live worker killed to picture", of_worker, bar=WORKER_BAR_SECONDS),
        Line("orphans", len(orphans), unit="", bar=0),
        Line("other broadcasts", other_broadcasts, unit="", bar=0),
    ]
    return report("SIGKILL while on air", lines)


if __name__ == "__main__":
    sys.exit(main())
