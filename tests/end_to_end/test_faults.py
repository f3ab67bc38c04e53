"""Anything may be killed at any time while Alice is on air: Charlie's picture goes on, in the same broadcast."""

import os
import signal
import time
from collections.abc import Iterator

import pytest

from bench.broadcasts import end, wait_for_state
from bench.browser import Browser, Viewer
from bench.kill_recovery import ffmpegs, live_worker_above
from bench.processes import Process, still_running
from bench.show import Show
from bench.stack import Stack

# How soon a picture comes back is shown by `bench.kill_recovery`; here it must come back, on a busy machine too.
FIRST_FRAME_SECONDS = 20
RECOVERED_SECONDS = 25
LATER_SECONDS = 4  # what is shown so long after the fault was neither loaded nor cached before


@pytest.fixture
def charlie_watches(show: Show, browser: Browser) -> Viewer:
    viewer = browser.new_viewer()
    viewer.open(show.page)
    viewer.wait_for_frame(lambda frame: frame.number is not None, seconds=FIRST_FRAME_SECONDS)
    viewer.page.wait_for_timeout(2_000)
    return viewer


def kill(processes: list[Process], signum: int = signal.SIGKILL) -> float:
    """Returns when it was done."""
    assert processes, "nothing to kill"
    for process in processes:
        os.kill(process.pid, signum)
    return time.time()


def check_goes_on(show: Show, viewer: Viewer, *, killed_at: float, seconds: float) -> None:
    """A frame that was sent after the fault is on the screen in time, on the same page, in the same broadcast."""
    viewer.wait_for_frame(
        lambda frame: show.sent.get(frame.number or -1, 0) > killed_at, since=killed_at, seconds=seconds
    )
    now = wait_for_state(show.stack, show.streamer, "live", seconds=RECOVERED_SECONDS)
    assert now["id"] == show.stream_id
    assert viewer.errors == []


def wait_for_one_ffmpeg(stack: Stack) -> None:
    """One for the one broadcast; that of the test before may still be on its way out."""
    deadline = time.monotonic() + RECOVERED_SECONDS
    while len(left := ffmpegs(stack)) != 1:
        assert time.monotonic() < deadline, left
        time.sleep(0.1)


@pytest.mark.parametrize("lines", [720, 480], ids=["watching the source", "watching a transcode"])
def test_ffmpeg_killed(show: Show, charlie_watches: Viewer, lines: int) -> None:
    charlie_watches.choose_quality(lines)
    charlie_watches.wait_for_frame(lambda frame: frame.lines == lines, since=time.time(), seconds=FIRST_FRAME_SECONDS)
    mark = charlie_watches.document_mark()
    killed = ffmpegs(show.stack)
    killed_at = kill(killed)
    check_goes_on(show, charlie_watches, killed_at=killed_at, seconds=RECOVERED_SECONDS)
    assert still_running(killed) == []
    wait_for_one_ffmpeg(show.stack)
    assert charlie_watches.document_mark() == mark


def test_live_worker_killed(show: Show, charlie_watches: Viewer) -> None:
    orphans = ffmpegs(show.stack)
    killed_at = kill([live_worker_above(orphans[0], show.stack)])
    time.sleep(1)
    assert still_running(orphans) == [], "FFmpeg outlived its worker"
    check_goes_on(show, charlie_watches, killed_at=killed_at, seconds=RECOVERED_SECONDS)
    wait_for_one_ffmpeg(show.stack)


@pytest.mark.parametrize("service", ["origin", "site", "chat"])
def test_a_server_killed(show: Show, charlie_watches: Viewer, service: str) -> None:
    program = {"site": "config.asgi:", "chat": "config.asgi_chat:", "origin": "transcode.origin_server"}[service]
    killed_at = kill(show.stack.processes(program))
    check_goes_on(show, charlie_watches, killed_at=killed_at + LATER_SECONDS, seconds=LATER_SECONDS + RECOVERED_SECONDS)
    deadline = time.monotonic() + RECOVERED_SECONDS
    while not show.stack.is_ready():
        assert time.monotonic() < deadline
        time.sleep(0.2)


@pytest.fixture
def nothing_left_over(stack: Stack) -> Iterator[None]:
    """The next test finds everything up again."""
    yield
    deadline = time.monotonic() + RECOVERED_SECONDS
    while not stack.is_ready():
        assert time.monotonic() < deadline, "the stack did not recover"
        time.sleep(0.2)


@pytest.mark.usefixtures("nothing_left_over")
@pytest.mark.parametrize(
    ("service", "signum"),
    [("redis-server", signal.SIGTERM), ("redis-server", signal.SIGKILL), ("postgres", signal.SIGINT)],
    ids=["Redis restarted", "Redis killed", "PostgreSQL restarted"],
)
def test_state_service_down(show: Show, charlie_watches: Viewer, service: str, signum: int) -> None:
    mark = charlie_watches.document_mark()
    servers = [process for process in show.stack.processes() if process.name == service]
    killed_at = kill([server for server in servers if server.parent not in {other.pid for other in servers}], signum)
    check_goes_on(show, charlie_watches, killed_at=killed_at + LATER_SECONDS, seconds=LATER_SECONDS + RECOVERED_SECONDS)
    assert charlie_watches.document_mark() == mark
    assert wait_for_state(show.stack, show.streamer, "live", seconds=RECOVERED_SECONDS)["id"] == show.stream_id
    # And everything works again without a restart of ours: the broadcast ends, and its recording is there.
    show.publisher.stop()
    deadline = time.monotonic() + RECOVERED_SECONDS
    while not show.stack.is_ready() and time.monotonic() < deadline:
        time.sleep(0.2)
    end(show.stack, show.stream_id, as_=show.streamer)
    charlie_watches.page.locator("[data-vod-link]").wait_for(timeout=RECOVERED_SECONDS * 1000)


def test_no_ffmpeg_is_left_when_a_broadcast_has_ended(show: Show) -> None:
    assert ffmpegs(show.stack)
    show.finish()
    deadline = time.monotonic() + RECOVERED_SECONDS
    while left := ffmpegs(show.stack):
        assert time.monotonic() < deadline, f"still there: {left}"
        time.sleep(0.1)
