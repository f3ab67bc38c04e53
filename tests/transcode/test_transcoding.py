"""Rungs that come and go while a broadcast runs: shed by a slow FFmpeg, taken back, given up, waited for.

Five broadcasts run at once, in real time and with real FFmpegs; the tests look at what became of each.
"""

import asyncio
import os
import shutil
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

import pytest

from tests.media.counter import read_counters_of_bytes
from tests.media.counter_clip import Clip
from tests.media.flv_tags import AUDIO as AUDIO_TAG
from tests.media.flv_tags import SCRIPT
from tests.media.publisher import clip_tags
from tests.transcode import slow_ffmpeg
from transcode.flv import MediaTag
from transcode.hls.window import Window
from transcode.ladder import AUDIO, SOURCE, VideoPlan
from transcode.live_run import LiveRun, RunPlan
from transcode.packager import Publication, RunStart, Track
from transcode.source import SourceReader, VideoFrame

CLIP = Clip(width=320, height=180, fps=30, seconds=40, gop_seconds=2.0, kbps=250, first=100)
QUIET_SECONDS = 1.0  # instead of RESTORE_SECONDS
PATIENCE = 1.0
FOR_EVER = 1e9
DEADLINE_SECONDS = 30.0
UPPER, LOWER = "120p", "90p"
SEGMENT_FRAMES = 60


def rungs(ending: int) -> list[VideoPlan]:
    """Two rungs whose bit rates tell slow_ffmpeg what to do."""
    return [VideoPlan(UPPER, 212, 120, 90_000 + ending, 30.0), VideoPlan(LOWER, 160, 90, 60_000 + ending, 30.0)]


@dataclass
class Show:
    """One run and what it published."""

    ending: int = 0
    patience: float = PATIENCE
    has_slot: bool = True
    tracks: dict[str, Track] = field(default_factory=dict)
    media: dict[str, list[bytes]] = field(default_factory=dict)
    made: list[set[str]] = field(default_factory=list)  # each set of renditions that was made, in order
    told: set[str] = field(default_factory=set)
    pids: set[int] = field(default_factory=set)
    lag_after_shedding_ms: float = 0.0
    run: LiveRun | None = None

    async def begin(self, reader: SourceReader) -> None:
        videos = [VideoPlan(SOURCE, CLIP.width, CLIP.height), *rungs(self.ending)]
        self.tracks = {name: Track(name, Window(2, 0.35)) for name in [*(plan.name for plan in videos), AUDIO]}
        start = RunStart(epoch=1, base_msn=0, wall_time=time.time(), first_pts_ms=10_000, discontinuity=False)
        plan = RunPlan(start, videos, 0.35, has_slot=self.has_slot, patience=self.patience)
        self.run = LiveRun(plan, reader, self.tracks, self._take)
        self.run.policy._restore_wait = QUIET_SECONDS
        await self.run.begin()

    def _take(self, publications: list[Publication]) -> None:
        for entry in publications:
            if entry.init_name is not None:
                self.media.setdefault(entry.rendition, []).append(entry.init)
            if entry.finished is not None and entry.finished.body:
                self.media[entry.rendition].append(entry.finished.body)

    def look(self, now: float) -> None:
        assert self.run is not None
        made = {plan.name for plan in self.run.made}
        if not self.made or self.made[-1] != made:
            self.made.append(made)
        self.told |= {warning["code"] for warning in self.run.policy.warnings(now)}
        if self.run.transcoder_pid is not None:
            self.pids.add(self.run.transcoder_pid)

    def counters(self, rendition: str) -> list[int | None]:
        init, *segments = self.media[rendition]
        return read_counters_of_bytes(b"".join([init, *segments]))

    def gaps(self, rendition: str) -> list[bool]:
        return [segment.gap for segment in self.tracks[rendition].window.segments]


@dataclass
class Studio:
    """Several shows of the same encoder at once."""

    shows: dict[str, Show]
    directory: Path

    async def play(self, story: Callable[["Studio"], Awaitable[None]]) -> None:
        """Send the clip in real time until the story is told."""
        reader = SourceReader({"audiodatarate": 0, "framerate": 30.0})
        telling: asyncio.Task[None] | None = None
        began = time.monotonic()
        for tag in (tag for tag in clip_tags(CLIP) if tag.kind not in {AUDIO_TAG, SCRIPT}):
            if not tag.is_header:
                await asyncio.sleep(began + tag.time_ms / 1000 - time.monotonic())
            for frame in reader.feed(MediaTag("video", tag.time_ms, tag.body)):
                assert isinstance(frame, VideoFrame)
                if telling is None:
                    await asyncio.gather(*(show.begin(reader) for show in self.shows.values()))
                    telling = asyncio.ensure_future(story(self))
                self._show(frame)
            if telling is not None and telling.done():
                break
        assert telling is not None and telling.done(), "the story was not told in time"
        telling.result()
        await asyncio.gather(*(show.run.end() for show in self.shows.values() if show.run))

    def _show(self, frame: VideoFrame) -> None:
        for show in self.shows.values():
            assert show.run is not None
            show.run.video(frame)
            show.look(asyncio.get_running_loop().time())


async def until(holds: Callable[[], object], complaint: str) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not holds():
        assert time.monotonic() < deadline, complaint
        await asyncio.sleep(0.05)


async def story(studio: Studio) -> None:
    shows = studio.shows
    frozen = shows["frozen"]
    await until(lambda: frozen.pids, "no FFmpeg")
    first = next(iter(frozen.pids))
    await until(lambda: len(frozen.media.get(LOWER, [])) > 1, "no first segment")
    os.kill(first, signal.SIGSTOP)
    slow, waiting = shows["slow"], shows["waiting"]
    await until(lambda: {SOURCE, LOWER} in slow.made, "nothing was shed")
    assert waiting.run is not None
    waiting.run.set_slot(True)
    await until(lambda: slow.run and slow.run.transcoder_lag_ms < 900, "it did not catch up")
    for show in (slow, shows["control"]):
        assert show.run is not None
        show.lag_after_shedding_ms = show.run.transcoder_lag_ms
    (studio.directory / "quick").touch()
    await until(lambda: slow.made[-1] == {SOURCE, UPPER, LOWER}, "nothing came back")
    await until(lambda: waiting.made[-1] == {SOURCE, UPPER, LOWER}, "the slot was not used")
    await until(lambda: len(frozen.pids) > 1, "the frozen FFmpeg was not replaced")
    await until(lambda: "transcoder_failed" in shows["broken"].told, "a broken FFmpeg is tried for ever")
    waiting.run.set_slot(False)
    await until(lambda: waiting.made[-1] == {SOURCE}, "the slot was not given back")
    await asyncio.sleep(1.5)  # one more segment of everything


@pytest.fixture(scope="module")
def shows(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Show]]:
    clip_tags(CLIP)  # encoded before anything is timed
    directory = tmp_path_factory.mktemp("bin")
    script = directory / "ffmpeg"
    real = shutil.which("ffmpeg")
    assert real is not None
    text = Path(slow_ffmpeg.__file__).read_text().replace("REAL_FFMPEG", real)
    script.write_text(f"#!{sys.executable}\n{text}")
    script.chmod(0o755)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", f"{directory}:{os.environ['PATH']}")
        patch.setattr(os, "getuid", lambda: 1000)  # the script is for our eyes only, so FFmpeg stays who we are
        shows = {
            "slow": Show(ending=111),
            "control": Show(ending=111, patience=FOR_EVER),
            "frozen": Show(),
            "broken": Show(ending=222),
            "waiting": Show(has_slot=False),
        }
        asyncio.run(Studio(shows, directory).play(story))
        yield shows


def test_the_source_never_notices(shows: dict[str, Show]) -> None:
    for show in shows.values():
        numbers = show.counters(SOURCE)
        assert numbers == list(range(CLIP.first, CLIP.first + len(numbers)))
        assert not any(show.gaps(SOURCE))


def test_a_slow_ffmpeg_sheds_a_rung_and_the_other_loses_no_frame(shows: dict[str, Show]) -> None:
    slow, control = shows["slow"], shows["control"]
    stages = [made for made in slow.made if made != {SOURCE}]  # for as long as one FFmpeg takes another's place
    assert [stage for stage, _ in groupby(stages)] == [{SOURCE, UPPER, LOWER}, {SOURCE, LOWER}, {SOURCE, UPPER, LOWER}]
    assert slow.told == {"overloaded"}
    assert slow.counters(LOWER) == slow.counters(SOURCE)
    # Negative control: the same FFmpeg with all its rungs has not caught up.
    assert control.made == [{SOURCE, UPPER, LOWER}]
    assert control.lag_after_shedding_ms > 1000 > slow.lag_after_shedding_ms


def test_what_was_shed_is_a_gap_and_comes_back_whole(shows: dict[str, Show]) -> None:
    slow = shows["slow"]
    gaps = slow.gaps(UPPER)
    # Before it was shed it may have had a segment, or none.
    assert [gap for gap, _ in groupby(gaps)] in ([True, False], [False, True, False])
    shown = slow.counters(UPPER)
    source = slow.counters(SOURCE)
    whole = [number for number, gap in zip(range(0, len(source), SEGMENT_FRAMES), gaps, strict=True) if not gap]
    assert shown == [number for start in whole for number in source[start : start + SEGMENT_FRAMES]]


def test_renditions_that_are_away_keep_their_numbers(shows: dict[str, Show]) -> None:
    for show in shows.values():
        windows = [track.window for track in show.tracks.values()]
        assert len({window.next_msn for window in windows}) == 1
        assert len({tuple(segment.msn for segment in window.segments) for window in windows}) == 1


def test_a_frozen_ffmpeg_is_replaced_and_no_frame_is_lost(shows: dict[str, Show]) -> None:
    """B-02"""
    frozen = shows["frozen"]
    assert len(frozen.pids) == 2
    for rung in (UPPER, LOWER):
        assert frozen.counters(rung) == frozen.counters(SOURCE)


def test_an_ffmpeg_that_ends_at_once_again_and_again_is_given_up_and_its_slot_is_free(shows: dict[str, Show]) -> None:
    """B-02"""
    broken = shows["broken"]
    assert broken.run is not None
    assert broken.made[-1] == {SOURCE}
    assert "transcoder_failed" in broken.told
    assert all(broken.gaps(UPPER)) and all(broken.gaps(LOWER))


def test_rungs_come_with_a_slot_and_go_with_it_at_whole_segments(shows: dict[str, Show]) -> None:
    waiting = shows["waiting"]
    assert waiting.made == [{SOURCE}, {SOURCE, UPPER, LOWER}, {SOURCE}]
    assert "no_slot" in waiting.told
    for rung in (UPPER, LOWER):
        gaps = waiting.gaps(rung)
        assert gaps[0] and gaps[-1] and not all(gaps)
        numbers = waiting.counters(rung)
        first = numbers[0]
        assert first is not None and (first - CLIP.first) % SEGMENT_FRAMES == 0
        assert numbers == list(range(first, first + len(numbers)))
        assert len(numbers) == gaps.count(False) * SEGMENT_FRAMES
