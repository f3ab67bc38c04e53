"""A broadcast in storage, as a live worker leaves it: segments and their rows, from test clips without a network."""

from collections import deque
from dataclasses import dataclass, field

from tests.media.flv_tags import SCRIPT, VIDEO, Tag
from transcode import fmp4
from transcode.flv import MediaTag
from transcode.hls.multivariant import Rendition
from transcode.hls.window import Window
from transcode.ladder import AUDIO, SOURCE
from transcode.limits import VIDEO_TIMESCALE
from transcode.live_store import store_object
from transcode.models import LiveJob
from transcode.packager import Packager, Publication, RunStart, Track
from transcode.segment_index import RowCollector, save_segments, timeline_anchor
from transcode.source import SourceReader, VideoFrame

PART_SECONDS, SEGMENT_SECONDS = 0.35, 2


@dataclass
class PackagedBroadcast:
    """Each `run` is an encoder's connection."""

    stream_id: str
    tracks: dict[str, Track] = field(init=False)
    epoch: int = 0

    def __post_init__(self) -> None:
        window = {name: Window(SEGMENT_SECONDS, PART_SECONDS) for name in (SOURCE, AUDIO)}
        self.tracks = {name: Track(name, one) for name, one in window.items()}
        known = [Rendition(SOURCE, "avc1", 9, 9, 1280, 720, 30.0), Rendition(AUDIO, "mp4a.40.2", 9, 9, channels=2)]
        self.job = LiveJob.objects.create(stream_id=self.stream_id, renditions=[entry.to_json() for entry in known])
        self.anchor = timeline_anchor(self.job)
        self.shown_at: dict[int, float] = {}  # Unix time of each numbered picture

    def run(self, tags: list[Tag], *, at: float) -> None:
        """The tags of one connection, whose first picture is at this many seconds of the broadcast."""
        self.epoch += 1
        reader, packager = SourceReader({}), None
        collector, numbers = RowCollector(), deque[int]()
        for tag in (one for one in tags if one.kind != SCRIPT):
            if tag.number is not None:
                numbers.append(tag.number)
            media = MediaTag("video" if tag.kind == VIDEO else "audio", tag.time_ms, tag.body)
            for frame in reader.feed(media, tag.time_ms / 1000):
                if packager is None:
                    assert isinstance(frame, VideoFrame)
                    packager = self._begin(reader, frame.time_ms, at, collector)
                    started = packager.start
                is_video = isinstance(frame, VideoFrame)
                self._store(packager.push(SOURCE if is_video else AUDIO, frame.frame), collector)
                if is_video:  # the reader holds the first ones back
                    self.shown_at[numbers.popleft()] = started.wall_time_at(frame.frame.pts * 1000 / VIDEO_TIMESCALE)
        assert packager
        self._store(packager.finish(), collector)
        save_segments(stream_id=self.stream_id, rows=collector.take_rest())

    def _begin(self, reader: SourceReader, first_ms: float, at: float, collector: RowCollector) -> Packager:
        assert reader.avc
        assert reader.aac
        assert reader.description
        start = RunStart.on_timeline(
            self.anchor,
            epoch=self.epoch,
            base_msn=self.tracks[SOURCE].window.next_msn,
            not_before=self.anchor + 20 + at,
            first_pts_ms=first_ms,
        )
        packager = Packager(start=start, part_target=PART_SECONDS, leader=SOURCE)
        video, sound = fmp4.video_init(reader.avc, VIDEO_TIMESCALE), fmp4.audio_init(reader.aac, reader.aac.sample_rate)
        rate, samples = reader.aac.sample_rate, reader.aac.samples_per_frame
        made = [packager.add_video(self.tracks[SOURCE], video, reader.description.frame_rate)]
        made.append(packager.add_audio(self.tracks[AUDIO], sound, rate, samples))
        self._store(made, collector)
        return packager

    def _store(self, made: list[Publication], collector: RowCollector) -> None:
        for entry in made:
            if entry.init_name is not None:
                store_object(self.stream_id, f"{entry.rendition}/{entry.init_name}", entry.init)
            if entry.finished is not None and entry.finished.body:
                store_object(self.stream_id, f"{entry.rendition}/{entry.finished.name}", entry.finished.body)
                row = collector.add(entry.rendition, entry.finished.segment, expected=2)
                save_segments(stream_id=self.stream_id, rows=[row] if row else [])
