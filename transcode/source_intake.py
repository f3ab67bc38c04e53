"""Takes one broadcast's source in from the ingest server and decides what of it can go on air."""

import asyncio
import contextlib
import logging
import time
from collections import deque
from typing import Any, Protocol

from django.conf import settings

from transcode import limits, rtmp
from transcode.errors import RtmpError, SourceInterrupted, SourceRefused, TranscodeError
from transcode.flv import MediaTag
from transcode.puller import pull
from transcode.source import AudioFrame, SourceReader, VideoFrame
from transcode.source_limits import OBS_OUTPUT, SourceLimits

log = logging.getLogger(__name__)

INGEST_HOST = "127.0.0.1"
INGEST_APP = "live"
MAX_BAD_TAGS = 30  # unreadable messages in a row before the source is called garbage
# Each change begins a run: new FFmpeg, a seam for every viewer. A scene collection that is switched makes one or two.
MAX_CHANGES = 4
CHANGES_SECONDS = 15.0
LONGEST_TAG_GAP_SECONDS = 0.5


class SourceListener(Protocol):
    """Who makes something of the source."""

    async def take_frame(self, source: SourceReader, frame: VideoFrame | AudioFrame) -> None:
        """The next frame; the first one of a run is a key frame."""

    def spare_seconds(self) -> float:
        """For how long from now on no frame is needed."""

    async def end_run(self) -> None:
        """The source is gone or changes: what follows is a new run."""

    def refuse_source(self, refusal: SourceRefused) -> None:
        """The source cannot go on air."""

    async def player_connected(self, connected: bool) -> None:
        """The puller reached the ingest server, or lost it."""


class SourceIntake:
    """The puller, the reader of the current run, and the refusals."""

    def __init__(
        self, stream_id: str, listener: SourceListener, limits: SourceLimits | None = None, *, name: str = ""
    ) -> None:
        """`name` is what the ingest server's hooks call this player."""
        self.connected = False
        self._name = name
        self._stream_id, self._listener, self._limits = stream_id, listener, limits or SourceLimits()
        self._reader: SourceReader | None = None
        self._announced: dict[str, Any] = {}
        self._closed = self._refused = False
        self._publisher_left = asyncio.Event()  # and what it sent has been taken
        self._publisher_left.set()
        self._bad_tags = 0
        self._changes: deque[float] = deque(maxlen=MAX_CHANGES + 1)
        self._waiting_since: float | None = None  # the server says when somebody publishes, also to a late player
        self._tag_arrived = 0.0
        self._turn = asyncio.Lock()  # what comes while a run is being ended belongs to the next one
        self._seconds_without_picture = 0.0

    async def run(self) -> None:
        """Stay connected to the ingest server; it keeps the connection while no encoder publishes."""
        while True:
            try:
                async for events in pull(
                    *(INGEST_HOST, settings.RTMP_PORT, INGEST_APP, self._stream_id, self._name),
                    spare=self._listener.spare_seconds,
                ):
                    async with self._turn:
                        for event in events:
                            await self._on_event(event)
            except (OSError, RtmpError, TimeoutError) as error:
                log.info("the ingest server is not there: %s", error)
            self.connected = False
            await self._listener.player_connected(False)
            await self._lose_publisher()
            await asyncio.sleep(limits.PULL_RETRY_SECONDS)

    def expect_source(self) -> None:
        """An encoder begins to publish: it has NO_VIDEO_SECONDS to show a picture."""
        if self._reader is None or self._reader.description is None:
            self._refused, self._bad_tags = False, 0
            self._changes.clear()
            self._seconds_without_picture = 0.0
            self._waiting_since = time.monotonic()

    def check_overdue(self, now: float) -> None:
        """Refuse a publisher that shows no picture; `now` is monotonic seconds."""
        if self._waiting_since is not None and now - self._waiting_since > limits.NO_VIDEO_SECONDS:
            self.refuse(
                SourceRefused(
                    "no_video",
                    "Your encoder sends no picture that we can show. Check its video source, and choose H.264 as the "
                    f"video encoder: HEVC and AV1 do not work. {OBS_OUTPUT} → Video Encoder.",
                )
            )

    def refuse(self, refusal: SourceRefused) -> None:
        """Take nothing more from this publisher, and say why."""
        self._refused, self._waiting_since = True, None
        self._listener.refuse_source(refusal)

    async def break_off(self) -> None:
        """End the run: nothing comes any more. The next key frame begins a new one, with the headers known so far."""
        async with self._turn:
            inherited = self._reader
            await self._interrupt()
            if inherited is not None:
                self._reader = SourceReader(self._announced, inherit=inherited, limits=self._limits)

    async def close(self) -> None:
        """The broadcast has ended: take what its encoder had sent until then, which may still wait in the socket."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(limits.LAST_PICTURES_SECONDS):
                await self._publisher_left.wait()
        self._closed, self._waiting_since = True, None

    async def _on_event(self, event: rtmp.Event) -> None:
        match event:
            case MediaTag():
                self._publisher_left.clear()
                if not (self._refused or self._closed):
                    await self._on_tag(event)
            case rtmp.Metadata():
                self._announced = dict(event.values)
            case rtmp.PlayStarted():
                self.connected = True
                await self._listener.player_connected(True)
            case rtmp.PublisherGone():
                await self._lose_publisher()
            case rtmp.PublisherBack():
                self.expect_source()
            case rtmp.Refused():
                log.warning("the ingest server refused the player: %s", event.description)

    async def _on_tag(self, tag: MediaTag) -> None:
        try:
            await self._take(tag)
            self._bad_tags = 0
        except SourceRefused as refusal:
            self.refuse(refusal)
            await self._interrupt()
        except SourceInterrupted as change:
            log.info("%s: %s", self._stream_id, change)
            await self._begin_anew(tag)
        except TranscodeError as error:
            await self._on_bad_tag(error)

    async def _take(self, tag: MediaTag) -> None:
        if self._reader is None:
            self._reader = SourceReader(self._announced, limits=self._limits)
        reader, now = self._reader, time.monotonic()
        # A worker that was held up finds the tags of that time waiting: only what flows counts.
        self._seconds_without_picture += min(now - self._tag_arrived, LONGEST_TAG_GAP_SECONDS)
        self._tag_arrived = now
        for frame in reader.feed(tag, now):
            if isinstance(frame, VideoFrame):
                self._waiting_since, self._seconds_without_picture = None, 0.0
            await self._listener.take_frame(reader, frame)
        if self._seconds_without_picture > limits.PICTURE_LOST_SECONDS:
            raise SourceRefused(
                "picture_lost",
                "Your encoder has stopped sending pictures. Check its video source, then start the stream again.",
            )

    async def _begin_anew(self, tag: MediaTag) -> None:
        """The encoder changed: a new run, whose first key frame `tag` may be."""
        inherited = self._reader
        await self._interrupt()
        now = time.monotonic()
        self._changes.append(now)
        if len(self._changes) > MAX_CHANGES and now - self._changes[0] < CHANGES_SECONDS:
            self.refuse(
                SourceRefused(
                    "unsteady",
                    "Your encoder keeps changing its picture, its sound or its clock. Stop the stream, choose one "
                    "setting, and start it again.",
                )
            )
            return
        self._reader = SourceReader(self._announced, inherit=inherited, limits=self._limits)
        await self._on_tag(tag)

    async def _on_bad_tag(self, error: TranscodeError) -> None:
        self._bad_tags += 1
        if self._bad_tags == 1:
            log.info("%s: unreadable media: %s", self._stream_id, error)
        if self._bad_tags > MAX_BAD_TAGS:
            self.refuse(SourceRefused("garbage", "Your encoder sends data that is no video we can read. Restart it."))
            await self._interrupt()

    async def _lose_publisher(self) -> None:
        self._waiting_since, self._announced = None, {}
        await self._interrupt()
        self._publisher_left.set()

    async def _interrupt(self) -> None:
        self._reader = None
        await self._listener.end_run()
