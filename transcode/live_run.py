"""One run of a broadcast: from a source's first key frame until it goes away or changes.

The source itself and its sound are packaged without FFmpeg; FFmpeg only makes the smaller renditions. When it dies
it is started again and fed from the spool, from the key frame that began its open segments: viewers of those
renditions lose nothing, viewers of the source do not even notice.
"""

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from transcode import flv, fmp4, h264
from transcode.errors import BitstreamError, FlvError
from transcode.ffmpeg import transcode_argv
from transcode.flv import MediaTag
from transcode.hls.cutter import Frame
from transcode.ladder import AUDIO, SOURCE, VideoPlan
from transcode.limits import (
    FFMPEG_RESTART_MAX_SECONDS,
    FFMPEG_RESTART_SECONDS,
    FFMPEG_STEADY_SECONDS,
    SPOOL_MS,
    TICKS_PER_MS,
    TRANSCODER_BACKLOG_MS,
    VIDEO_TIMESCALE,
)
from transcode.packager import Packager, Publication, RunStart, Track
from transcode.process import Transcoder, ffmpeg_timing_option
from transcode.source import AudioFrame, SourceReader, VideoFrame

log = logging.getLogger(__name__)

LAG_CHECK_SECONDS = 0.5
SPOOLED_SOUNDS = 1_000  # packets: SPOOL_MS of AAC at 48 kHz
DRAIN_SECONDS = 2.0  # how long FFmpeg may take to write what it holds when the source has ended


@dataclass(frozen=True)
class RunPlan:
    """What to make of the source in this run."""

    start: RunStart
    videos: Sequence[VideoPlan]
    part_target: float

    @property
    def rungs(self) -> list[VideoPlan]:
        return [plan for plan in self.videos if not plan.is_passthrough]


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
        self.plan, self.description = plan, source.description
        self._source, self._avc, self._aac = source, source.avc, source.aac
        self._tracks, self._emit = tracks, emit
        made = {video.name for video in plan.videos} | ({AUDIO} if self._aac else set())
        absent = [track for name, track in tracks.items() if name not in made]
        self.packager = Packager(start=plan.start, part_target=plan.part_target, leader=SOURCE, absent=absent)
        self.codecs: dict[str, str] = {}
        self.spool: deque[VideoFrame] = deque()
        self.sounds: deque[AudioFrame] = deque(maxlen=SPOOLED_SOUNDS)
        self._transcoder: Transcoder | None = None
        self._rung_configs: dict[str, h264.AvcConfig] = {}
        self._keeper: asyncio.Task[None] | None = None
        self._ending = False

    async def begin(self) -> None:
        """Announce what is known already and start FFmpeg."""
        rate = self.description.frame_rate
        if self.plan.videos[0].is_passthrough:
            self.codecs[SOURCE] = self._avc.codec_string
            init = fmp4.video_init(self._avc, VIDEO_TIMESCALE)
            self._emit([self.packager.add_video(self._tracks[SOURCE], init, rate)])
        if self._aac is not None:
            self.codecs[AUDIO] = self._aac.codec_string
            init = fmp4.audio_init(self._aac, self._aac.sample_rate)
            self._emit(
                [self.packager.add_audio(self._tracks[AUDIO], init, self._aac.sample_rate, self._aac.samples_per_frame)]
            )
        if self.plan.rungs:
            self._transcoder = await self._spawn()
            self._feed_header()
            self._keeper = asyncio.create_task(self._keep_transcoder())

    def video(self, frame: VideoFrame) -> None:
        """The next picture of the source."""
        self.spool.append(frame)
        while frame.time_ms - self.spool[0].time_ms > SPOOL_MS:
            self.spool.popleft()
        if self._transcoder is not None:
            self._transcoder.feed(flv.flv_tag(frame.tag))
        if SOURCE in self.packager.runs and self.plan.videos[0].is_passthrough:
            self._emit(self.packager.push(SOURCE, frame.frame))

    def audio(self, frame: AudioFrame) -> None:
        """The next sound packet of the source."""
        self.sounds.append(frame)
        if AUDIO in self.packager.runs:
            self._emit(self.packager.push(AUDIO, frame.frame))

    @property
    def transcoder_lag_ms(self) -> float:
        """How far the slowest rung is behind the source."""
        ends = [run.end_ms for name, run in self.packager.runs.items() if name in self._rung_configs]
        return self.spool[-1].time_ms - min(ends) if ends and self.spool and min(ends) else 0.0

    @property
    def is_complete(self) -> bool:
        """Whether every rendition has finished a segment of this run."""
        names = {plan.name for plan in self.plan.videos} | ({AUDIO} if self._aac else set())
        return all(
            name in self.packager.runs
            and any(segment.epoch == self.plan.start.epoch for segment in self._tracks[name].window.segments)
            for name in names
        )

    @property
    def transcoder_pid(self) -> int | None:
        return self._transcoder.pid if self._transcoder else None

    async def end(self) -> None:
        """The source is gone: let FFmpeg finish, then close every rendition."""
        self._ending = True
        if self._transcoder is not None:
            self._transcoder.finish_input()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(asyncio.shield(self._drained()), DRAIN_SECONDS)
        await self.abort()
        self._emit(self.packager.finish())

    async def abort(self) -> None:
        """Stop FFmpeg at once and publish nothing more."""
        self._ending = True
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
        if self._transcoder is not None:
            await self._transcoder.stop()

    async def _drained(self) -> None:
        if self._transcoder is not None:
            await self._transcoder.wait()

    async def _spawn(self) -> Transcoder:
        transcoder = Transcoder(self._on_tags)
        rungs = self.plan.rungs

        def argv(pipes: dict[str, int]) -> list[str]:
            follow = self.plan.videos[0].is_passthrough
            return transcode_argv(rungs, pipes, follow_source_key_frames=follow, timing=ffmpeg_timing_option())

        await transcoder.start([rung.name for rung in rungs], argv)
        return transcoder

    def _feed_header(self) -> None:
        header = self._source.video_header
        assert header is not None and self._transcoder is not None  # noqa: S101  a run begins with a header
        first_ms = self.spool[0].time_ms if self.spool else 0
        self._transcoder.feed(flv.flv_header(audio=False, video=True))
        self._transcoder.feed(flv.flv_tag(MediaTag("video", first_ms, header.payload)))

    async def _keep_transcoder(self) -> None:
        """Start FFmpeg again whenever it ends while the source goes on; wait longer each time it fails soon."""
        loop = asyncio.get_running_loop()
        wait = FFMPEG_RESTART_SECONDS
        while True:
            assert self._transcoder is not None  # noqa: S101  begin() spawned it
            started = loop.time()
            lagging = asyncio.create_task(self._wait_until_lagging())
            ended = asyncio.create_task(self._transcoder.wait())
            await asyncio.wait({lagging, ended}, return_when=asyncio.FIRST_COMPLETED)
            lagging.cancel()
            if self._ending:
                return
            log.warning(
                "FFmpeg of run %d ended; its last words: %s", self.plan.start.epoch, list(self._transcoder.last_words)
            )
            await self._transcoder.stop()
            wait = FFMPEG_RESTART_SECONDS if loop.time() - started > FFMPEG_STEADY_SECONDS else wait
            await asyncio.sleep(wait if loop.time() - started < 1 else 0)
            wait = min(wait * 2, FFMPEG_RESTART_MAX_SECONDS)
            self._transcoder = await self._spawn()
            self._replay(crashed=ended.done())

    async def _wait_until_lagging(self) -> None:
        while self.transcoder_lag_ms < TRANSCODER_BACKLOG_MS:  # noqa: ASYNC110  a measurement has no event to wait for
            await asyncio.sleep(LAG_CHECK_SECONDS)

    def _replay(self, *, crashed: bool) -> None:
        """Feed a new FFmpeg from the spool: after a crash from where its renditions stopped, so that nothing is lost;
        after a backlog from the newest key frame, so that it catches up."""
        assert self._transcoder is not None  # noqa: S101  the caller spawned it
        self._feed_header()
        resume = min((self.packager.resume_ms(name) for name in self._rung_configs), default=0.0)
        keys = [entry.time_ms for entry in self.spool if entry.frame.is_key]
        if not keys:
            return
        first = keys[-1]
        if crashed:
            first = max((time for time in keys if time <= resume), default=keys[0])
        for entry in self.spool:
            if entry.time_ms >= first:
                self._transcoder.feed(flv.flv_tag(entry.tag))

    def _on_tags(self, rung: str, tags: list[MediaTag]) -> None:
        for tag in tags:
            try:
                self._on_tag(rung, tag)
            except (FlvError, BitstreamError):
                log.exception("FFmpeg's output for %s cannot be read", rung)

    def _on_tag(self, rung: str, tag: MediaTag) -> None:
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
            self._emit(self.packager.push(rung, frame))

    def _add_rung(self, rung: str, config: h264.AvcConfig) -> None:
        if rung in self._rung_configs:
            return  # a restarted FFmpeg with the same settings writes the same parameter sets
        self._rung_configs[rung] = config
        self.codecs[rung] = config.codec_string
        init = fmp4.video_init(config, VIDEO_TIMESCALE)
        self._emit([self.packager.add_video(self._tracks[rung], init, self.description.frame_rate)])
