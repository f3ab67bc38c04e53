"""What of a source goes on air: runs, refusals and their time limits. The ingest server's events are written here."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

import pytest

from tests.transcode.flv_source import AVCC, audio_header, picture, sound, video_header
from transcode import limits, rtmp, source_intake
from transcode.errors import SourceRefused
from transcode.flv import MediaTag
from transcode.limits import NO_VIDEO_SECONDS
from transcode.source import AudioFrame, SourceDescription, SourceReader, VideoFrame
from transcode.source_intake import MAX_BAD_TAGS, MAX_CHANGES, SourceIntake

STREAM = "0123456789abcdef01234567"


class Listener:
    """Writes down what it is told."""

    def __init__(self) -> None:
        self.runs: list[list[VideoFrame | AudioFrame]] = [[]]
        self.refusals: list[SourceRefused] = []
        self.connected: list[bool] = []
        self.described: list[SourceDescription] = []

    async def take_frame(self, source: SourceReader, frame: VideoFrame | AudioFrame) -> None:
        assert source.description is not None
        if not self.runs[-1]:
            assert isinstance(frame, VideoFrame)
            assert frame.frame.is_key
            self.described.append(source.description)
        self.runs[-1].append(frame)

    def spare_seconds(self) -> float:
        return 0.0

    async def end_run(self) -> None:
        if self.runs[-1]:
            self.runs.append([])

    def refuse_source(self, refusal: SourceRefused) -> None:
        self.refusals.append(refusal)

    async def player_connected(self, connected: bool) -> None:
        self.connected.append(connected)

    @property
    def codes(self) -> list[str]:
        return [refusal.code for refusal in self.refusals]

    @property
    def lengths(self) -> list[int]:
        return [len(run) for run in self.runs if run]


async def take_in(monkeypatch: pytest.MonkeyPatch, *events: rtmp.Event) -> tuple[SourceIntake, Listener]:
    """An intake that has seen these events on one connection, which then stays open."""
    seen = asyncio.Event()

    async def pull(*_: Any, spare: Callable[[], float]) -> AsyncIterator[Sequence[rtmp.Event]]:
        for event in events:
            yield [event]
        seen.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(source_intake, "pull", pull)
    listener = Listener()
    intake = SourceIntake(STREAM, listener)
    task = asyncio.create_task(intake.run())
    done = asyncio.create_task(seen.wait())
    await asyncio.wait({task, done}, timeout=5, return_when=asyncio.FIRST_COMPLETED)
    assert seen.is_set(), task
    task.cancel()
    return intake, listener


def run_of(first: int, count: int, *, keys: int = 10) -> list[MediaTag]:
    return [picture(first + 33 * number, key=number % keys == 0) for number in range(count)]


async def test_publisher_that_leaves_and_returns_makes_two_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    intake, listener = await take_in(
        monkeypatch,
        rtmp.PlayStarted(),
        video_header(),
        *run_of(0, 20),
        rtmp.PublisherGone(),
        rtmp.PublisherBack(),
        video_header(),
        *run_of(50_000, 15),
    )

    assert listener.lengths == [20, 15]
    assert listener.connected == [True]
    assert intake.connected


async def test_clock_jump_at_a_key_frame_loses_no_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    """B-12: the frame that shows the jump is the first of the new run."""
    _, listener = await take_in(monkeypatch, video_header(), *run_of(0, 20), *run_of(3_600_000, 20))

    assert listener.lengths == [20, 20]


async def test_clock_jump_between_key_frames_goes_on_at_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    later = [picture(3_600_000 + 33 * number, key=number == 5) for number in range(15)]
    _, listener = await take_in(monkeypatch, video_header(), *run_of(0, 20), *later)

    assert listener.lengths == [20, 10]


async def test_new_picture_format_is_a_new_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """B-11"""
    changed = video_header(700, AVCC[:3] + b"\x1f" + AVCC[4:])
    tags = [audio_header(), *run_of(0, 20), sound(650), changed, *run_of(700, 12), sound(1100)]
    _, listener = await take_in(monkeypatch, video_header(), *tags)

    assert listener.lengths == [21, 13]


async def test_hevc_is_refused_once_and_the_rest_is_not_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    hevc = [MediaTag("video", at, b"\x1c\x01\x00\x00\x00picture") for at in range(50)]
    _, listener = await take_in(monkeypatch, *hevc, video_header(), *run_of(0, 10))

    assert listener.codes == ["video_codec"]
    assert listener.lengths == []


async def test_refused_encoder_may_come_back_mended(monkeypatch: pytest.MonkeyPatch) -> None:
    hevc = MediaTag("video", 0, b"\x1c\x01\x00\x00\x00picture")
    _, listener = await take_in(
        monkeypatch, hevc, rtmp.PublisherGone(), rtmp.PublisherBack(), video_header(), *run_of(0, 10)
    )

    assert listener.codes == ["video_codec"]
    assert listener.lengths == [10]


async def test_garbage_is_refused_after_a_while_and_single_bad_tags_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    bad = MediaTag("video", 0, b"\x17")
    _, listener = await take_in(monkeypatch, video_header(), *[bad, *run_of(0, 1)] * MAX_BAD_TAGS)
    assert listener.refusals == []

    _, listener = await take_in(monkeypatch, video_header(), *run_of(0, 10), *[bad] * (MAX_BAD_TAGS + 1))

    assert listener.codes == ["garbage"]
    assert listener.lengths == [10]


async def test_publisher_without_a_picture_is_refused_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    began = time.monotonic()
    intake, listener = await take_in(monkeypatch, rtmp.PublisherBack(), audio_header(), sound(0), sound(21))
    intake.check_overdue(began + NO_VIDEO_SECONDS - 0.1)
    assert listener.refusals == []

    intake.check_overdue(time.monotonic() + NO_VIDEO_SECONDS + 0.1)
    intake.check_overdue(time.monotonic() + NO_VIDEO_SECONDS + 9)

    assert listener.codes == ["no_video"]


@pytest.mark.parametrize("events", [[], [rtmp.PublisherBack(), rtmp.PublisherGone()]])
async def test_nobody_is_refused_while_nobody_publishes(
    monkeypatch: pytest.MonkeyPatch, events: list[rtmp.Event]
) -> None:
    intake, listener = await take_in(monkeypatch, rtmp.PlayStarted(), *events)
    intake.check_overdue(time.monotonic() + 1_000)

    assert listener.refusals == []


async def test_picture_in_time_is_not_overdue_later(monkeypatch: pytest.MonkeyPatch) -> None:
    intake, listener = await take_in(monkeypatch, rtmp.PublisherBack(), video_header(), *run_of(0, 10))
    intake.check_overdue(time.monotonic() + 1_000)

    assert listener.refusals == []


async def test_what_waits_when_the_broadcast_ends_is_taken_until_its_encoder_leaves(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    intake, listener = await take_in(monkeypatch, video_header(), *run_of(0, 10))
    closing = asyncio.create_task(intake.close())
    await asyncio.sleep(0)

    for tag in run_of(330, 20):
        await intake._on_event(tag)
    await intake._on_event(rtmp.PublisherGone())
    await closing
    await intake._on_event(picture(9_999, key=True))

    assert listener.lengths == [30]


async def test_encoder_that_does_not_leave_at_the_end_is_not_waited_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """The control of the above too: after the end nothing is taken."""
    monkeypatch.setattr(limits, "LAST_PICTURES_SECONDS", 0.05)
    intake, listener = await take_in(monkeypatch, video_header(), *run_of(0, 10))
    await intake.close()

    await intake._on_event(picture(999, key=True))

    assert listener.lengths == [10]


async def test_encoder_that_keeps_changing_is_refused_as_unsteady(monkeypatch: pytest.MonkeyPatch) -> None:
    tags: list[MediaTag] = []
    for number in range(MAX_CHANGES + 3):
        changed = AVCC[:3] + bytes([30 + number]) + AVCC[4:]
        tags += [video_header(number * 400, changed), *run_of(number * 400, 12)]
    _, listener = await take_in(monkeypatch, *tags)

    assert listener.codes == ["unsteady"]
    assert listener.lengths == [12] * (MAX_CHANGES + 1)


async def test_encoder_that_changes_a_few_times_stays_on_air(monkeypatch: pytest.MonkeyPatch) -> None:
    """The control of the test above."""
    tags: list[MediaTag] = []
    for number in range(MAX_CHANGES + 1):
        changed = AVCC[:3] + bytes([30 + number]) + AVCC[4:]
        tags += [video_header(number * 400, changed), *run_of(number * 400, 12)]
    _, listener = await take_in(monkeypatch, *tags)

    assert listener.codes == []


@pytest.mark.parametrize(("seconds", "codes"), [(11.0, []), (14.0, ["picture_lost"])])
async def test_picture_that_stops_while_sound_goes_on_is_refused_after_a_while(
    monkeypatch: pytest.MonkeyPatch, seconds: float, codes: list[str]
) -> None:
    clock = iter(number * 0.02 for number in range(100_000))
    monkeypatch.setattr("transcode.source_intake.time.monotonic", lambda: next(clock))
    sounds = [sound(400 + number * 21) for number in range(round(seconds / 0.02))]
    _, listener = await take_in(monkeypatch, video_header(), audio_header(), *run_of(0, 12), *sounds)

    assert listener.codes == codes


async def test_claims_of_the_encoder_before_do_not_outlive_it(monkeypatch: pytest.MonkeyPatch) -> None:
    announced = rtmp.Metadata({"videodatarate": 4000.0, "framerate": 30.0})
    first: list[rtmp.Event] = [announced, video_header(), *run_of(0, 12), rtmp.PublisherGone()]
    _, listener = await take_in(monkeypatch, *first, rtmp.PublisherBack(), video_header(), *run_of(9_000, 12))

    assert [source.declared_kbps for source in listener.described] == [4000, 0]
