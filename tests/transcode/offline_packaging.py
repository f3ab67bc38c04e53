"""Packages a source without a network, FFmpeg or Redis, as a live job does it: reader, health, packager."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from tests.media.flv_tags import SCRIPT, VIDEO, Tag
from tests.media.rtmp_client import decode_amf
from transcode import fmp4
from transcode.errors import SourceInterrupted, SourceRefused, TranscodeError
from transcode.flv import MediaTag
from transcode.health import SourceHealth
from transcode.hls.window import Window
from transcode.ladder import AUDIO, SOURCE
from transcode.limits import VIDEO_TIMESCALE
from transcode.packager import Packager, Publication, RunStart, Track
from transcode.source import AudioFrame, SourceDescription, SourceReader, VideoFrame
from transcode.source_limits import SourceLimits

PART_SECONDS, SEGMENT_SECONDS = 0.35, 2


@dataclass
class PackagedRun:
    """What became of one run."""

    description: SourceDescription
    encoded_for: list[str]  # codes of the reasons to encode it again; [] is passed through
    frames: list[VideoFrame | AudioFrame] = field(default_factory=list)
    media: dict[str, bytearray] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    longest: float = 0.0  # segment, in seconds

    @property
    def pictures(self) -> list[VideoFrame]:
        return [frame for frame in self.frames if isinstance(frame, VideoFrame)]

    @property
    def sounds(self) -> list[AudioFrame]:
        return [frame for frame in self.frames if isinstance(frame, AudioFrame)]

    def samples(self, rendition: str) -> int:
        """How many frames are in the fragments."""
        boxes = fmp4.walk_boxes(bytes(self.media[rendition]))
        return sum(int.from_bytes(box.payload[4:8], "big") for box in boxes if box.path == "moof/traf/trun")


@dataclass
class Outcome:
    """All runs of a source, and the code of its refusal."""

    runs: list[PackagedRun] = field(default_factory=list)
    refused: str = ""
    bad_tags: int = 0


class _Line:
    """One run on its way."""

    def __init__(self, source: SourceReader, limits: SourceLimits) -> None:
        assert source.description
        self.run = PackagedRun(source.description, [problem.code for problem in source.must_encode])
        self.health = SourceHealth(SEGMENT_SECONDS, PART_SECONDS, has_audio=source.aac is not None, limits=limits)
        start = RunStart(epoch=1, base_msn=0, wall_time=0.0, first_pts_ms=0.0, discontinuity=False)
        self.packager = Packager(start=start, part_target=PART_SECONDS, leader=SOURCE)
        assert source.avc
        init = fmp4.video_init(source.avc, VIDEO_TIMESCALE)
        self._take([self.packager.add_video(_track(SOURCE), init, source.description.frame_rate)])
        if source.aac:
            init = fmp4.audio_init(source.aac, source.aac.sample_rate)
            rate, samples = source.aac.sample_rate, source.aac.samples_per_frame
            self._take([self.packager.add_audio(_track(AUDIO), init, rate, samples)])

    def push(self, frame: VideoFrame | AudioFrame, now: float) -> None:
        self.run.frames.append(frame)
        if isinstance(frame, AudioFrame):
            self._take(self.packager.push(AUDIO, frame.frame))
            return
        size, is_key = len(frame.tag.payload), frame.frame.is_key
        self.health.see_video(now=now, size=size, time_ms=frame.time_ms, is_key=is_key)
        self._take(self.packager.push(SOURCE, frame.frame))
        if not self.run.encoded_for and (problem := self.health.unfit(frame.time_ms)):
            self.run.encoded_for.append(problem.code)

    def finish(self) -> PackagedRun:
        self._take(self.packager.finish())
        return self.run

    def _take(self, made: Iterable[Publication]) -> None:
        for entry in made:
            media = self.run.media.setdefault(entry.rendition, bytearray())
            media += entry.init + entry.part
            if entry.finished:
                seconds = entry.finished.segment.duration
                self.run.seconds[entry.rendition] = self.run.seconds.get(entry.rendition, 0.0) + seconds
                self.run.longest = max(self.run.longest, seconds)


class _Packaging:
    """What an intake does with tags and their errors."""

    def __init__(self, limits: SourceLimits | None) -> None:
        self.outcome = Outcome()
        self._limits = limits
        self._announced: dict[str, object] = {}
        self._reader = SourceReader(self._announced, limits=limits)
        self._line: _Line | None = None

    def announce(self, tag: Tag) -> None:
        self._announced.update(next((value for value in decode_amf(tag.body) if isinstance(value, dict)), {}))

    def take(self, tag: MediaTag, now: float) -> None:
        try:
            self._feed(tag, now)
        except SourceInterrupted:
            self.end_run()
            self._reader = SourceReader(self._announced, inherit=self._reader, limits=self._limits)
            self.take(tag, now)
        except SourceRefused as refusal:
            self.outcome.refused = refusal.code
        except TranscodeError:
            self.outcome.bad_tags += 1

    def end_run(self) -> None:
        if self._line:
            self.outcome.runs.append(self._line.finish())
        self._line = None

    def _feed(self, tag: MediaTag, now: float) -> None:
        for frame in self._reader.feed(tag, now):
            self._line = self._line or _Line(self._reader, self._limits or SourceLimits())
            self._line.push(frame, now)


def package(tags: Iterable[Tag], limits: SourceLimits | None = None) -> Outcome:
    """Everything up to the end or the refusal. Tags arrive at their `time_ms` and are stamped with their `wire_ms`."""
    packaging = _Packaging(limits)
    for tag in tags:
        if tag.kind == SCRIPT:
            packaging.announce(tag)
        elif not packaging.outcome.refused:
            stamp = tag.time_ms if tag.wire_ms is None else tag.wire_ms
            media = MediaTag("video" if tag.kind == VIDEO else "audio", stamp % 2**32, tag.body)
            packaging.take(media, tag.time_ms / 1000)
    packaging.end_run()
    return packaging.outcome


def _track(name: str) -> Track:
    return Track(name, Window(SEGMENT_SECONDS, PART_SECONDS))
