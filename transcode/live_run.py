"""One run of a broadcast: from a source's first key frame until it goes away or changes.

The source itself and its sound are packaged without FFmpeg; FFmpeg only makes the smaller renditions (Transcoding).
Whatever happens to them, viewers of the source do not notice.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from transcode import flv, fmp4, h264, silence
from transcode.cadence import Cadence
from transcode.errors import BitstreamError, FlvError
from transcode.flv import MediaTag
from transcode.hls.cutter import Frame
from transcode.ladder import AUDIO, SOURCE, VideoPlan
from transcode.limits import SPOOL_MS, TICKS_PER_MS, VIDEO_TIMESCALE
from transcode.live_state import LiveState
from transcode.overdue_parts import OverdueParts
from transcode.packager import Packager, Publication, RunStart, Track
from transcode.rung_policy import RungPolicy
from transcode.source import AudioFrame, SourceReader, VideoFrame
from transcode.transcoding import Transcoding

log = logging.getLogger(__name__)

SPOOLED_SOUNDS = 1_000  # packets: SPOOL_MS of AAC at 48 kHz
SEGMENTS_WAITED = 3  # of the source: a broadcast goes on air without rungs that have none by then


@dataclass(frozen=True)
class RunPlan:
    """What may be made of the source in this run. Without a slot, rungs wait until there is one."""

    start: RunStart
    videos: Sequence[VideoPlan]
    part_target: float
    has_slot: bool = True
    patience: float = 2.0  # seconds of being too slow before a rung is shed
    constant_rate: float = 0.0  # pictures a second that FFmpeg makes of too few; 0: as they come
    begin_ms: float = 0.0  # pictures before this were shown by another run and are only needed to decode later ones

    @property
    def rungs(self) -> list[VideoPlan]:
        return [plan for plan in self.videos if not plan.is_passthrough]

    @property
    def passes_source_through(self) -> bool:
        return self.videos[0].is_passthrough


class LiveRun:
    """Feed it the source's frames; it hands Publications to `emit` in the order they must become visible."""

    def __init__(
        self,
        plan: RunPlan,
        source: SourceReader,
        tracks: Mapping[str, Track],
        emit: Callable[[list[Publication]], None],
    ) -> None:
        assert source.description is not None and source.avc is not None  # noqa: S101  a run begins with a key frame
        assert source.video_header is not None  # noqa: S101  the same
        self.plan, self.description = plan, source.description
        self._avc, self._aac = source.avc, source.aac or silence.STEREO
        self._filler = silence.SoundFiller(self._aac, expected=source.aac is not None)
        self._tracks, self._emit = tracks, emit
        self.codecs: dict[str, str] = {}
        self.spool: deque[VideoFrame] = deque()
        self.sounds: deque[AudioFrame] = deque(maxlen=SPOOLED_SOUNDS)
        self._newest_pts = -1
        self._reorders = False  # whether the source has B-frames
        self._rung_configs: dict[str, h264.AvcConfig] = {}
        self.policy = RungPolicy(plan.rungs, patience=plan.patience, has_slot=plan.has_slot)
        self._transcoding = Transcoding(
            self.policy,
            self.spool,
            source.video_header,
            self,
            follow_source_key_frames=plan.passes_source_through,
            begin_ms=plan.begin_ms,
            constant_rate=plan.constant_rate,
        )
        made = self._transcoding.wanted | {SOURCE, AUDIO}
        absent = [track for name, track in tracks.items() if name not in made]
        self.packager = Packager(start=plan.start, part_target=plan.part_target, leader=SOURCE, absent=absent)
        self._overdue = OverdueParts(self._flush, part_target=plan.part_target)
        self._cadence = Cadence()
        self._loop = asyncio.get_running_loop()
        self._rested_until = 0.0  # loop time: before it nobody looked whether a picture was there

    async def begin(self) -> None:
        """Announce what is known already and start FFmpeg."""
        rate = self.description.frame_rate
        if self.plan.passes_source_through:
            self.codecs[SOURCE] = self._avc.codec_string
            init = fmp4.video_init(self._avc, VIDEO_TIMESCALE)
            self._publish([self.packager.add_video(self._tracks[SOURCE], init, rate)])
        sound = self._aac
        self.codecs[AUDIO] = sound.codec_string
        init = fmp4.audio_init(sound, sound.sample_rate)
        joined = self.packager.add_audio(self._tracks[AUDIO], init, sound.sample_rate, sound.samples_per_frame)
        self._publish([joined])
        await self._transcoding.begin(self.plan.start.first_pts_ms)

    def video(self, frame: VideoFrame) -> None:
        """The next picture of the source."""
        self._overdue.see_source(self._rested_until)
        self.spool.append(frame)
        while frame.time_ms - self.spool[0].time_ms > SPOOL_MS:
            self.spool.popleft()
        made = self.packager.push(SOURCE, frame.frame) if self.plan.passes_source_through else []
        self._publish(made)
        self._newest_pts = max(self._newest_pts, frame.frame.pts)
        self._reorders = self._reorders or frame.frame.composition_offset != 0
        if frame.time_ms >= self.plan.begin_ms:
            for silent in self._filler.take_picture(frame.time_ms):
                self._publish(self.packager.push(AUDIO, silent))
        begins = frame.frame.is_key and (
            not self.plan.passes_source_through or self.packager.begins_segment(frame.frame.pts / TICKS_PER_MS)
        )
        self._transcoding.feed(frame, begins_segment=begins)
        if not self.plan.passes_source_through:
            self._transcoding.expect()
        elif any(entry.part_name for entry in made):  # the rungs' parts end with this picture as well
            self._transcoding.await_part(self._newest_pts / TICKS_PER_MS)

    def audio(self, frame: AudioFrame) -> None:
        """The next sound packet of the source."""
        self.sounds.append(frame)
        for sound in self._filler.take_sound(frame.frame):
            self._publish(self.packager.push(AUDIO, sound))

    def spare_seconds(self) -> float:
        """Everything that waited was taken: for how long from now on nothing that comes can end a part."""
        if not (self.spool and self.plan.passes_source_through):
            return 0.0
        now = self._loop.time()
        self._cadence.see(now, self.spool[-1].time_ms)
        if self._reorders and self._transcoding.awaits_part:
            return 0.0  # FFmpeg shows the picture that ends a part only after it was fed the next ones
        rest = self._cadence.rest_seconds(now, self.packager.next_cut_ms)
        self._rested_until = now + rest
        return rest

    def set_slot(self, has_slot: bool) -> None:
        """Whether this broadcast may have its rungs encoded; they come and go at a key frame."""
        self._transcoding.set_slot(has_slot)

    @property
    def transcoder_lag_ms(self) -> float:
        """How far the slowest rung is behind the source."""
        return self._transcoding.lag_ms

    @property
    def transcoder_pid(self) -> int | None:
        return self._transcoding.pid

    @property
    def can_encode(self) -> bool:
        """Whether a slot is of use: there are rungs to make, and FFmpeg makes them."""
        return self._transcoding.can_encode

    @property
    def made(self) -> list[VideoPlan]:
        """The video renditions that are being made now, best first."""
        return [plan for plan in self.plan.videos if plan.is_passthrough or plan.name in self._transcoding.made]

    @property
    def is_complete(self) -> bool:
        """Whether every rendition that is made has finished a segment of this run. Rungs are not waited for long."""
        rungs = all(self.has_segment(plan.name) for plan in self.made) or self._segments(SOURCE) >= SEGMENTS_WAITED
        return self.has_segment(SOURCE) and self.has_segment(AUDIO) and rungs

    def has_segment(self, name: str) -> bool:
        """Whether this rendition has finished a segment in this run."""
        return self._segments(name) > 0

    def _segments(self, name: str) -> int:
        segments = self._tracks[name].window.segments
        return sum(segment.epoch == self.plan.start.epoch and not segment.gap for segment in segments)

    def paused(self, state: LiveState) -> list[str]:
        """What was offered to players and is not made now: not to be offered to newcomers until it is made again."""
        made, wanted = {plan.name for plan in self.made}, self._transcoding.wanted
        videos = [entry.name for entry in state.renditions if not entry.is_audio and entry.name != SOURCE]
        return [name for name in videos if name not in wanted or (name in state.paused and name not in made)]

    async def end(self, *, goes_on: bool = False) -> None:
        """The source is gone, or `goes_on` in another run: let FFmpeg finish, then close every rendition."""
        await self._transcoding.finish()
        if not goes_on:
            self._publish(self._end_sound())
        self._publish(self.packager.finish())
        self._overdue.close()

    def may_end_before(self, frame: VideoFrame) -> bool:
        """Whether all pictures so far are shown before this one and those after it: not in the midst of B-frames."""
        return frame.frame.pts > self._newest_pts

    @property
    def pictures_end_ms(self) -> float:
        """When the last picture so far ends, if it lasts as long as the one before it."""
        *_, before, last = [0, *sorted(entry.frame.pts for entry in self.spool)]
        return (last + min(last - before, VIDEO_TIMESCALE)) / TICKS_PER_MS

    def sounds_left(self) -> list[AudioFrame]:
        """After `end`: the packets that are heard behind its last picture."""
        cutter, end_ms = self.packager.runs[AUDIO].cutter, self.packager.runs[SOURCE].end_ms
        return [entry for entry in self.sounds if cutter.decided_ms(entry.frame) > end_ms]

    async def abort(self) -> None:
        """Stop FFmpeg at once and publish nothing more."""
        await self._transcoding.abort()
        self._overdue.close()

    def _publish(self, made: list[Publication]) -> None:
        self._overdue.see(made)
        self._emit(made)

    def _flush(self, name: str) -> None:
        self._transcoding.collect()
        if self.plan.constant_rate:  # such a source is silent for longer than a part between two pictures
            return
        made = self.packager.flush(name)
        if not made and name == AUDIO:  # what it lacks up to the picture's end would come with the run's end, too late
            made = [*self._end_sound(), *self.packager.flush(AUDIO)]
        self._publish(made)

    def _end_sound(self) -> list[Publication]:
        """Silence where sound is missing up to the end of the picture."""
        silence_left = self._filler.finish(self.pictures_end_ms)
        return [entry for silent in silence_left for entry in self.packager.push(AUDIO, silent)]

    # --- What Transcoding hands over -----------------------------------------------------------------------------

    def join(self, rung: str, from_ms: float) -> None:
        self.packager.join(rung, from_ms)

    def leave(self, rung: str, *, whole: bool) -> None:
        whole = whole and self.plan.passes_source_through  # else segments begin where FFmpeg says, not the source
        self._publish(self.packager.leave(rung, self._tracks[rung], whole=whole))

    def resume_ms(self, rung: str) -> float:
        return self.packager.resume_ms(rung) if rung in self.packager.runs else 0.0

    def take_tags(self, rung: str, tags: list[MediaTag]) -> None:
        for tag in tags:
            try:
                self._take_tag(rung, tag)
            except (FlvError, BitstreamError):
                log.exception("FFmpeg's output for %s cannot be read", rung)

    def _take_tag(self, rung: str, tag: MediaTag) -> None:
        packet = flv.parse_video(tag.payload)
        if packet.is_header:
            self._add_rung(rung, h264.parse_avc_config(packet.data))
        elif packet.data and rung in self.packager.runs:
            frame = Frame(
                tag.timestamp_ms * TICKS_PER_MS,
                bytes(packet.data),
                is_key=packet.is_keyframe,
                composition_offset=packet.composition_ms * TICKS_PER_MS,
            )
            self._publish(self.packager.push(rung, frame))

    def _add_rung(self, rung: str, config: h264.AvcConfig) -> None:
        if rung in self._rung_configs:
            return  # a restarted FFmpeg with the same settings writes the same parameter sets
        self._rung_configs[rung] = config
        self.codecs[rung] = config.codec_string
        init = fmp4.video_init(config, VIDEO_TIMESCALE)
        rate = self.plan.constant_rate or self.description.frame_rate  # which tells how long the very last picture is
        self._publish([self.packager.add_video(self._tracks[rung], init, rate)])
