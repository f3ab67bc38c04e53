"""A source that sends nothing more while its connection stays: what there is of it is shown in time, and only once."""

from typing import Literal

import pytest

from tests.media.flv_tags import AUDIO as AUDIO_TAG
from tests.media.flv_tags import SCRIPT, Tag
from tests.media.publisher import clip_tags
from transcode.flv import MediaTag
from transcode.hls.window import Window
from transcode.ladder import AUDIO, SOURCE, VideoPlan
from transcode.live_run import LiveRun, RunPlan
from transcode.packager import Publication, RunStart, Track
from transcode.source import AudioFrame, SourceReader, VideoFrame

SECONDS = 4.5
PACKET_SECONDS = 1024 / 48_000


class Broadcast:
    """A broadcast whose sound is some packets behind its picture when it falls silent."""

    def __init__(self) -> None:
        self.tracks = {name: Track(name, Window(2, 0.35)) for name in (SOURCE, AUDIO)}
        self.parts: list[str] = []
        self.sound_bytes = b""
        self._reader = SourceReader({"audiodatarate": 128, "framerate": 30.0})
        self._frames = [
            frame
            for tag in clip_tags()
            if tag.kind != SCRIPT and tag.time_ms < SECONDS * 1000
            for frame in self._reader.feed(MediaTag(_kind(tag), tag.time_ms, tag.body))
        ]
        start = RunStart(epoch=1, base_msn=0, wall_time=0, first_pts_ms=10_000, discontinuity=False)
        plan = RunPlan(start, [VideoPlan(SOURCE, 320, 180)], 0.35, has_slot=False)
        self.run = LiveRun(plan, self._reader, self.tracks, self._take)

    def _take(self, publications: list[Publication]) -> None:
        for entry in publications:
            if entry.part_name is not None:
                self.parts.append(entry.rendition)
                self.sound_bytes += entry.part if entry.rendition == AUDIO else b""

    @property
    def sounds(self) -> list[AudioFrame]:
        return [frame for frame in self._frames if isinstance(frame, AudioFrame)]

    def send(self, *, sounds_missing: int) -> None:
        missing = self.sounds[len(self.sounds) - sounds_missing :]
        for frame in self._frames:
            if isinstance(frame, VideoFrame):
                self.run.video(frame)
            elif frame not in missing:
                self.run.audio(frame)

    def ends_at(self, name: str) -> float:
        return self.tracks[name].window.ends_at


def _kind(tag: Tag) -> Literal["audio", "video"]:
    return "audio" if tag.kind == AUDIO_TAG else "video"


@pytest.mark.parametrize("sounds_missing", range(5))
async def test_the_end_of_a_silent_source_adds_no_part_that_could_have_been_shown_before(sounds_missing: int) -> None:
    broadcast = Broadcast()
    await broadcast.run.begin()
    broadcast.send(sounds_missing=sounds_missing)
    for name in (AUDIO, SOURCE, AUDIO, AUDIO):  # as they are overdue, again and again
        broadcast.run._flush(name)
    shown = list(broadcast.parts)
    await broadcast.run.end()

    assert broadcast.parts == shown
    assert abs(broadcast.ends_at(AUDIO) - broadcast.ends_at(SOURCE)) <= PACKET_SECONDS


async def test_sound_that_comes_after_a_short_silence_is_whole() -> None:
    broadcast = Broadcast()
    await broadcast.run.begin()
    broadcast.send(sounds_missing=3)
    for name in (AUDIO, SOURCE):
        broadcast.run._flush(name)
    late = broadcast.sounds[-3:]
    for sound in late:
        broadcast.run.audio(sound)
    await broadcast.run.end()

    assert broadcast.sound_bytes.endswith(b"".join(bytes(sound.frame.data) for sound in late))
