"""Rungs that come and go within a run, with an encoder that repeats its input: every path, no waiting."""

import asyncio
from collections.abc import Callable, Mapping, Sequence

import pytest

from tests.media.counter_clip import Clip
from tests.media.flv_tags import AUDIO as AUDIO_TAG
from tests.media.flv_tags import SCRIPT
from tests.media.publisher import clip_tags
from transcode.flv import FlvReader, MediaTag
from transcode.hls.window import Window
from transcode.ladder import AUDIO, SOURCE, VideoPlan
from transcode.live_run import LiveRun, RunPlan
from transcode.packager import Publication, RunStart, Track
from transcode.source import SourceReader, VideoFrame
from transcode.transcoding import Generation, drain

CLIP = Clip(width=320, height=180, fps=30, seconds=40, gop_seconds=2.0, kbps=250, first=100)
UPPER, LOWER = "120p", "90p"
VIDEOS = [
    VideoPlan(SOURCE, 320, 180),
    VideoPlan(UPPER, 212, 120, 90_000, 30.0),
    VideoPlan(LOWER, 160, 90, 60_000, 30.0),
]
GOP = 60


class Echo:
    """Stands in for Transcoder: writes what it reads, to every rung. `deaf` ones hang."""

    running: list["Echo"] = []

    def __init__(self, on_tags: Callable[[str, list[MediaTag]], None]) -> None:
        self._on_tags, self._reader = on_tags, FlvReader()
        self._end = asyncio.Event()
        self.rungs: list[str] = []
        self.deaf = False
        self.pid = 1
        self.last_words: list[str] = []
        Echo.running.append(self)

    async def start(self, rungs: Sequence[str], argv_for: Callable[[dict[str, int]], list[str]]) -> None:
        self.rungs = list(rungs)
        argv_for({rung: number for number, rung in enumerate(rungs)})

    def feed(self, data: bytes) -> None:
        tags = self._reader.feed(data)
        if not self.deaf and not self._end.is_set() and tags:
            for rung in self.rungs:
                self._on_tags(rung, tags)

    def collect(self) -> None:
        pass

    def expect(self, time_ms: float) -> None:
        pass

    def await_part(self, times_ms: Mapping[str, float]) -> None:
        pass

    @property
    def awaits_part(self) -> bool:
        return False

    def finish_input(self) -> None:
        if not self.deaf:
            self._end.set()

    def die(self) -> None:
        self._end.set()

    async def wait(self) -> int:
        await self._end.wait()
        return 0

    async def stop(self) -> None:
        self._end.set()


class Stage:
    """A run that gets the clip a few frames at a time."""

    def __init__(self, *, has_slot: bool = True) -> None:
        self.frames: list[VideoFrame] = []
        self.reader = SourceReader({"audiodatarate": 0, "framerate": 30.0})
        for tag in clip_tags(CLIP):
            if tag.kind not in {AUDIO_TAG, SCRIPT}:
                for frame in self.reader.feed(MediaTag("video", tag.time_ms, tag.body)):
                    assert isinstance(frame, VideoFrame)
                    self.frames.append(frame)
        names = [*(plan.name for plan in VIDEOS), AUDIO]
        self.tracks = {name: Track(name, Window(2, 0.35)) for name in names}
        start = RunStart(epoch=1, base_msn=0, wall_time=0, first_pts_ms=10_000, discontinuity=False)
        plan = RunPlan(start, VIDEOS, 0.35, has_slot=has_slot)
        self.sizes: dict[str, list[int]] = {name: [] for name in names}
        self.run = LiveRun(plan, self.reader, self.tracks, self._take)
        self._sent = 0

    def _take(self, publications: list[Publication]) -> None:
        for entry in publications:
            if entry.finished is not None:
                self.sizes[entry.rendition].append(len(entry.finished.body))

    async def send(self, count: int) -> None:
        for frame in self.frames[self._sent : self._sent + count]:
            self.run.video(frame)
        self._sent += count
        await settle()

    async def end(self) -> dict[str, list[int]]:
        """Bytes of every segment of each rendition, 0 for gaps: an echo's are the source's own."""
        await self.run.end()
        assert len({tuple(s.msn for s in track.window.segments) for track in self.tracks.values()}) == 1
        assert all(track.window.open is None for track in self.tracks.values())
        return self.sizes

    @property
    def made(self) -> set[str]:
        return {plan.name for plan in self.run.made}


async def settle() -> None:
    """Let the keeper do everything it has to."""
    for _ in range(50):
        await asyncio.sleep(0)


@pytest.fixture(autouse=True)
def _echo(monkeypatch: pytest.MonkeyPatch) -> None:
    Echo.running = []
    monkeypatch.setattr("transcode.transcoding.Transcoder", Echo)
    monkeypatch.setattr("transcode.rung_policy.RESTART_SECONDS", 0.0)


async def test_all_rungs_have_what_the_source_has() -> None:
    stage = Stage()
    await stage.run.begin()
    await stage.send(3 * GOP)
    sizes = await stage.end()

    assert sizes[UPPER] == sizes[LOWER] == sizes[SOURCE]
    assert len(sizes[SOURCE]) == 3


async def test_a_slot_that_comes_and_goes_changes_whole_segments() -> None:
    stage = Stage(has_slot=False)
    await stage.run.begin()
    await stage.send(GOP + 10)
    assert Echo.running == []
    stage.run.set_slot(True)
    await settle()
    assert stage.made == {SOURCE}  # it waits for a key frame
    await stage.send(2 * GOP)
    assert stage.made == {SOURCE, UPPER, LOWER}
    stage.run.set_slot(False)
    await settle()
    await stage.send(2 * GOP)
    assert stage.made == {SOURCE}
    sizes = await stage.end()

    source = sizes[SOURCE]
    assert sizes[UPPER] == sizes[LOWER] == [0, 0, source[2], source[3], 0, 0]


async def test_a_rung_that_is_shed_leaves_a_gap_and_the_other_loses_nothing() -> None:
    stage = Stage()
    await stage.run.begin()
    await stage.send(2 * GOP + 10)
    stage.run.policy.shed.append(VIDEOS[1])
    stage.run._transcoding._look.set()
    await settle()
    await stage.send(2 * GOP)
    assert stage.made == {SOURCE, LOWER}
    stage.run.policy.shed.clear()
    stage.run._transcoding._look.set()
    await settle()
    await stage.send(2 * GOP)
    assert stage.made == {SOURCE, UPPER, LOWER}
    sizes = await stage.end()

    source = sizes[SOURCE]
    assert sizes[LOWER] == source
    assert 0 in sizes[UPPER]
    assert [size for size in sizes[UPPER] if size] == [source[n] for n, size in enumerate(sizes[UPPER]) if size]


@pytest.mark.parametrize("sent", [GOP // 2, GOP, 2 * GOP - 1, 2 * GOP + 5])
async def test_an_encoder_that_dies_anywhere_costs_no_frame(sent: int) -> None:
    stage = Stage()
    await stage.run.begin()
    await stage.send(sent)
    Echo.running[0].die()
    await settle()
    await stage.send(2 * GOP)
    sizes = await stage.end()

    assert len(Echo.running) == 2
    assert [len(one.window.segments) for one in stage.tracks.values()] == [len(sizes[SOURCE])] * len(stage.tracks)
    for rung in (UPPER, LOWER):
        durations = [segment.duration for segment in stage.tracks[rung].window.segments]
        assert durations == pytest.approx([segment.duration for segment in stage.tracks[SOURCE].window.segments])


async def test_an_encoder_that_must_shed_at_once_keeps_the_others_frames() -> None:
    """From the spool, in the middle of a segment: what was begun of the shed rung becomes a gap."""
    stage = Stage()
    await stage.run.begin()
    await stage.send(GOP + 15)
    stage.run.policy.shed.append(VIDEOS[1])
    Echo.running[0].die()
    await settle()
    await stage.send(GOP)
    sizes = await stage.end()

    assert sizes[UPPER][0] == sizes[SOURCE][0]
    assert not any(sizes[UPPER][1:])
    durations = [segment.duration for segment in stage.tracks[LOWER].window.segments]
    assert durations == pytest.approx([segment.duration for segment in stage.tracks[SOURCE].window.segments])


async def test_an_encoder_that_will_not_end_is_replaced_from_the_spool(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("transcode.transcoding.DRAIN_SECONDS", 0.05)
    stage = Stage()
    await stage.run.begin()
    await stage.send(GOP + 5)
    stage.run.policy.shed.append(VIDEOS[1])
    stage.run._transcoding._look.set()
    await settle()
    Echo.running[0].deaf = True
    await stage.send(GOP)
    for _ in range(200):
        if len(Echo.running) > 2:
            break
        await asyncio.sleep(0.01)
    await settle()
    await stage.send(GOP)
    sizes = await stage.end()

    assert len(Echo.running) == 3
    durations = [segment.duration for segment in stage.tracks[LOWER].window.segments]
    assert durations == pytest.approx([segment.duration for segment in stage.tracks[SOURCE].window.segments])
    assert 0 in sizes[UPPER]


async def test_an_encoder_that_dies_at_once_every_time_is_given_up_and_the_source_goes_on() -> None:
    """B-02"""
    stage = Stage()
    await stage.run.begin()
    for _ in range(8):
        await stage.send(5)
        for one in Echo.running:
            one.die()
        await asyncio.sleep(0.01)
        await settle()
    await stage.send(2 * GOP)
    assert stage.made == {SOURCE}
    assert not stage.run.can_encode  # its slot is of use to others
    assert len(Echo.running) == 4
    sizes = await stage.end()

    assert all(sizes[SOURCE])
    assert not any(sizes[UPPER])


@pytest.mark.parametrize(("writes", "waited_for"), [(True, True), (False, False)])
async def test_a_slow_encoder_may_write_its_last_pictures(
    monkeypatch: pytest.MonkeyPatch, writes: bool, waited_for: bool
) -> None:
    monkeypatch.setattr("transcode.transcoding.DRAIN_SECONDS", 0.2)
    loop = asyncio.get_running_loop()
    slow = Generation(VIDEOS[1:2], lambda rung, tags: None, loop.time())

    async def end_late() -> int:
        for _ in range(10):
            await asyncio.sleep(0.05)
            if writes:
                slow.heard_at = loop.time()
        return 0

    slow.ended = asyncio.create_task(end_late())
    await drain(slow)
    assert slow.has_ended == waited_for
    slow.ended.cancel()
