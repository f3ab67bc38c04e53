"""The main thing: Alice goes live, Charlie sees her, whatever her encoder does, and can watch it again."""

import time

import pytest

from bench.broadcasts import wait_for_state
from bench.browser import Browser, Frame, Viewer, latency_of
from bench.inside import consolidate
from bench.recordings import check_recording
from bench.show import Show
from bench.stack import Person, Stack

FIRST_FRAME_SECONDS = 20
FRAMES_WATCHED = 100
VIEWINGS = 3
AWAY_MS = 5_000


def readable(frame: Frame) -> bool:
    return frame.number is not None


def test_an_open_page_plays_when_alice_goes_live(stack: Stack, browser: Browser, alice: Person) -> None:
    show = Show(stack, alice)
    charlie = browser.new_viewer()
    charlie.open(show.page)
    charlie.page.get_by_role("heading", name="is offline").wait_for()
    mark = charlie.document_mark()
    with show:
        first = charlie.wait_for_frame(readable, seconds=FIRST_FRAME_SECONDS)
        assert first.number in show.sent
        charlie.page.wait_for_timeout(3_000)
        latency = latency_of(charlie.frames(since=first.shown_at + 2), show.sent)
    assert latency.unreadable == 0
    assert latency.p50 < 3
    assert charlie.document_mark() == mark
    assert charlie.errors == []


def test_the_picture_moves_forward_frame_by_frame(show: Show, browser: Browser) -> None:
    """A machine busy with other tests may starve one viewer; a player that stalls by itself does so again."""
    stalls = [stalls_watching(show, browser) for _ in range(VIEWINGS)]
    assert stalls.count([]) >= VIEWINGS - 1, stalls


def stalls_watching(show: Show, browser: Browser) -> list[float]:
    """When the picture stood still, of FRAMES_WATCHED."""
    charlie = browser.new_viewer()
    charlie.open(show.page)
    first = charlie.wait_for_frame(readable, seconds=FIRST_FRAME_SECONDS)
    shown = f"window.frameNotes.frames.length > {FRAMES_WATCHED}"
    charlie.wait_until(shown, seconds=FIRST_FRAME_SECONDS)
    numbers = [frame.number for frame in charlie.frames(since=first.shown_at) if frame.number is not None]
    assert numbers == sorted(numbers)
    stalls = charlie.stalls(since=first.shown_at)
    charlie.page.close()
    return stalls


def test_charlie_chooses_a_lower_quality(show: Show, browser: Browser) -> None:
    charlie = browser.new_viewer()
    charlie.open(show.page)
    charlie.wait_for_frame(lambda frame: frame.lines == 720, seconds=FIRST_FRAME_SECONDS)
    charlie.choose_quality(480)
    chosen_at = time.time()  # the automatic choice may have begun with this quality too
    lower = charlie.wait_for_frame(
        lambda frame: readable(frame) and frame.lines == 480, since=chosen_at, seconds=FIRST_FRAME_SECONDS
    )
    assert lower.number in show.sent
    charlie.page.wait_for_timeout(3_000)
    later = charlie.frames(since=lower.shown_at)
    assert {frame.lines for frame in later} == {480}
    assert latency_of(later, show.sent).unreadable == 0


def test_an_encoder_that_drops_and_returns_continues_the_same_broadcast(show: Show, browser: Browser) -> None:
    charlie = browser.new_viewer()
    charlie.open(show.page)
    charlie.wait_for_frame(readable, seconds=FIRST_FRAME_SECONDS)
    mark = charlie.document_mark()
    show.publisher.drop()
    wait_for_state(show.stack, show.streamer, "reconnecting", seconds=5)
    charlie.page.wait_for_timeout(AWAY_MS)
    returned = show.begin()
    again = charlie.wait_for_frame(lambda frame: frame.number in returned.sent, seconds=FIRST_FRAME_SECONDS)
    assert again.shown_at - returned.asked_at < 6
    assert show.wait_until_live() == show.stream_id
    assert charlie.document_mark() == mark
    assert charlie.errors == []


def test_the_recording_plays_at_once_and_every_frame_is_in_it(show: Show, browser: Browser) -> None:
    charlie = browser.new_viewer()
    charlie.open(show.page)
    charlie.wait_for_frame(readable, seconds=FIRST_FRAME_SECONDS)
    charlie.page.wait_for_timeout(4_000)
    show.publisher.drop()
    charlie.page.wait_for_timeout(2_000)
    show.begin()
    charlie.wait_for_frame(lambda frame: frame.number in show.publisher.sent, seconds=FIRST_FRAME_SECONDS)
    charlie.page.wait_for_timeout(4_000)
    watched = {frame.number for frame in charlie.frames() if frame.number is not None}
    show.finish()

    link = charlie.page.locator("[data-vod-link]")
    link.wait_for(timeout=5_000)
    link.click()
    charlie.wait_until("location.pathname.startsWith('/videos/') && window.millracePlayer", seconds=5)
    charlie.wait_for_frame(lambda frame: frame.number is not None and frame.number < 60, seconds=5)

    recorded = check_recording(show).numbers
    assert watched <= recorded
    check_seeking(charlie, at=4.0, expected=120)

    consolidate(show.stack, show.stream_id)
    check_seeking(charlie, at=6.0, expected=180)  # his playlist names files that are pieces of another now
    assert check_recording(show).numbers == recorded
    charlie.page.reload()
    charlie.wait_until("window.millracePlayer?.video.readyState >= 2", seconds=5)
    check_seeking(charlie, at=2.0, expected=60)


def check_seeking(viewer: Viewer, *, at: float, expected: int) -> None:
    """The frame at a place of the recording is the one that was sent then."""
    video = "document.querySelector('#player-video')"
    viewer.page.evaluate(f"() => {{ {video}.pause(); {video}.currentTime = {at}; }}")
    viewer.wait_until(f"!{video}.seeking", seconds=5)
    viewer.page.wait_for_timeout(300)
    number = viewer.page.evaluate(f"() => frameCounter.readVideo({video})")
    assert number == pytest.approx(expected, abs=2)
