"""One live job from first frame to last: lease, puller, runs, and what is told to the rest of the product.

Runs inside one Celery task. State that must outlive it is in Redis (windows, parts) and in the database (segments),
so that any other worker can go on where it stopped.
"""

import asyncio
import json
import logging
import time
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from typing import Any

from django.conf import settings
from redis import asyncio as aioredis

from transcode import limits, redis_keys, rtmp, segment_index, signals
from transcode.errors import RtmpError, SourceRefused, TranscodeError
from transcode.flv import MediaTag
from transcode.health import KEY_FRAME_SLACK_SECONDS, SourceHealth
from transcode.hls.multivariant import Rendition
from transcode.hls.window import Window
from transcode.ladder import AUDIO, plan_renditions
from transcode.lease import Lease
from transcode.live_run import LiveRun, RunPlan
from transcode.live_state import LiveState
from transcode.live_store import REDIS_DOWN, LiveStore, Uploader, connect
from transcode.packager import FinishedSegment, Publication, RunStart, Track, align_tracks
from transcode.preview_schedule import PreviewSchedule
from transcode.puller import pull
from transcode.renditions import describe_renditions
from transcode.reports import Reports
from transcode.source import AudioFrame, SourceInterrupted, SourceReader, VideoFrame

log = logging.getLogger(__name__)

INGEST_HOST = "127.0.0.1"
INGEST_APP = "live"
MAX_BAD_TAGS = 30  # unreadable messages in a row before the source is called garbage


async def supervise(stream_id: str) -> None:
    """Do this broadcast's media work until it has ended or another worker owns it."""
    redis, durable = connect(), connect(settings.REDIS_URL)
    lease = Lease(durable, stream_id)
    try:
        if not await lease.acquire():
            return
        async with _heartbeat(lease) as lost:
            supervisor = Supervisor(redis, stream_id, lease)
            await _race(supervisor.run(), lost)
        await lease.release()
    finally:
        await redis.aclose()
        await durable.aclose()


@asynccontextmanager
async def _heartbeat(lease: Lease) -> AsyncIterator["asyncio.Task[None]"]:
    """Renews the lease meanwhile; the task it yields ends with LeaseLost. An unreachable Redis is no loss by itself:
    nobody else can take the lease either, and the picture goes on."""

    async def beat() -> None:
        while True:
            await asyncio.sleep(limits.HEARTBEAT_SECONDS)
            try:
                await lease.renew()
            except REDIS_DOWN:
                log.warning("the lease could not be renewed: Redis does not answer")

    task = asyncio.create_task(beat())
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _race(work: Awaitable[None], lost: "asyncio.Task[None]") -> None:
    """Run `work`, but cancel it as soon as `lost` ends."""
    task = asyncio.ensure_future(work)
    await asyncio.wait({task, lost}, return_when=asyncio.FIRST_COMPLETED)
    if not task.done():
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        log.warning("lease lost: %s", lost.exception())
        return
    await task


class Supervisor:
    """The live job of one broadcast while this worker owns it."""

    def __init__(self, redis: "aioredis.Redis", stream_id: str, lease: Lease) -> None:
        self.stream_id = stream_id
        self._redis, self._lease = redis, lease
        self._store = LiveStore(redis, stream_id)
        self._state = LiveState(settings.TARGET_DURATION_SECONDS, settings.PART_TARGET_SECONDS)
        self._tracks: dict[str, Track] = {}
        self._run: LiveRun | None = None
        self._source: SourceReader | None = None
        self._announced: dict[str, Any] = {}
        self._health = SourceHealth(settings.TARGET_DURATION_SECONDS)
        self._passthrough = True
        self._refused = False
        self._connected = False
        self._bad_tags = 0
        self._announced_epoch = 0
        self._waiting_since: float | None = time.monotonic()
        self._outbox: asyncio.Queue[list[Publication]] = asyncio.Queue(limits.EVENT_OUTBOX_LIMIT)
        self._finish = asyncio.Event()
        self._collector = segment_index.RowCollector()

    async def run(self) -> None:
        """Until `finish_live` is asked for."""
        self._reports = Reports(self.stream_id)
        self._uploader = Uploader(self.stream_id)
        self._previews = PreviewSchedule(self.stream_id)
        helpers = [
            asyncio.create_task(work)
            for work in (self._publish_loop(), self._control_loop(), self._status_loop(), self._pull_loop())
        ]
        try:
            await self._take_over()
            if not await self._reports.ask(segment_index.is_wanted):
                self._finish.set()
            await self._until_finished(helpers)
            await self._close()
        finally:
            for task in helpers:
                task.cancel()
            await asyncio.gather(*helpers, return_exceptions=True)
            if self._run is not None:
                await self._run.abort()
            await self._uploader.close()
            await self._reports.close()

    async def _until_finished(self, helpers: list["asyncio.Task[None]"]) -> None:
        """Wait for the order to finish. A helper that dies takes the job with it: reconcile sends another worker."""
        finish = asyncio.create_task(self._finish.wait())
        done, _ = await asyncio.wait({finish, *helpers}, return_when=asyncio.FIRST_COMPLETED)
        if finish not in done:
            finish.cancel()
            for task in done:
                task.result()

    # --- Beginning and end ---------------------------------------------------------------------------------------

    async def _take_over(self) -> None:
        """Go on where an earlier worker stopped: its windows, closed and brought to the same number."""
        state, windows = await self._store.load()
        if not windows:  # Redis lost them: the database knows every finished segment
            state, windows = await self._reports.ask(segment_index.rebuild_windows)
        if state is not None:
            self._state = state
        for name, window in windows.items():
            self._tracks[name] = Track(name, window, await self._store.load_open_parts(name, window))
        if not self._tracks:
            return
        # What the dead worker listed but may not have indexed; what is closed now is indexed when it is published.
        for track in self._tracks.values():
            for segment in track.window.segments:
                self._index(FinishedSegment(track.name, segment, b""))
        finished = align_tracks(self._tracks.values())
        self._emit([self._tracks[entry.rendition].publication(finished=entry) for entry in finished])

    async def _close(self) -> None:
        """The broadcast has ended: ENDLIST, the last rows, storage, then the news."""
        self._refused = True  # no new run from here on
        await self._end_run()
        for track in self._tracks.values():
            track.window.end()
            self._emit([track.publication()])
        self._reports.save_segments(self._collector.take_rest())
        await self._outbox.join()
        self._state.ended = True
        await self._persist_state()
        await self._uploader.drain()
        await self._reports.drain()
        await self._reports.ask(segment_index.mark_finished)
        self._reports.signal(signals.live_finished)
        await self._reports.drain()

    # --- The source ----------------------------------------------------------------------------------------------

    async def _pull_loop(self) -> None:
        """Stay connected to the ingest server; it keeps the connection while no encoder publishes."""
        while True:
            try:
                async for event in pull(INGEST_HOST, settings.RTMP_PORT, INGEST_APP, self.stream_id):
                    await self._on_event(event)
            except (OSError, RtmpError, TimeoutError) as error:
                log.info("the ingest server is not there: %s", error)
            self._connected = False
            await self._tell_player(connected=False)
            await self._end_run()
            await asyncio.sleep(limits.PULL_RETRY_SECONDS)

    async def _on_event(self, event: rtmp.Event) -> None:
        match event:
            case MediaTag():
                await self._on_tag(event)
            case rtmp.Metadata():
                self._announced = dict(event.values)
            case rtmp.PlayStarted():
                self._connected = True
                await self._tell_player(connected=True)
            case rtmp.PublisherGone():
                self._waiting_since = None
                await self._end_run()
            case rtmp.PublisherBack():
                self._expect_source()
            case rtmp.Refused():
                log.warning("the ingest server refused the player: %s", event.description)

    def _expect_source(self) -> None:
        """An encoder begins to publish: it has NO_VIDEO_SECONDS to show a picture."""
        self._refused, self._bad_tags = False, 0
        self._waiting_since = time.monotonic() if self._run is None else None

    async def _tell_player(self, *, connected: bool) -> None:
        """Release the held publish answer; without Redis it is released by its own time limit."""
        waiters, player = redis_keys.player_waiters_key(self.stream_id), redis_keys.player_key(self.stream_id)
        try:
            async with self._redis.pipeline() as pipe:
                if connected:
                    pipe.set(player, 1, ex=limits.STATUS_TTL_SECONDS)
                    pipe.rpush(waiters, 1)
                    pipe.expire(waiters, limits.STATUS_TTL_SECONDS)
                else:
                    pipe.delete(player)
                await pipe.execute()
        except REDIS_DOWN:
            log.info("%s: nobody could be told of the player: Redis does not answer", self.stream_id)

    async def _on_tag(self, tag: MediaTag) -> None:
        if self._refused:
            return
        try:
            await self._take_tag(tag)
            self._bad_tags = 0
        except SourceRefused as refusal:
            await self._refuse(refusal)
        except SourceInterrupted as change:
            log.info("%s: %s", self.stream_id, change)
            await self._end_run(keep_headers=True)
            self._reader().feed(tag)
        except TranscodeError as error:
            self._bad_tags += 1
            if self._bad_tags == 1:
                log.info("%s: unreadable media: %s", self.stream_id, error)
            if self._bad_tags > MAX_BAD_TAGS:
                await self._refuse(
                    SourceRefused("garbage", "Your encoder sends data that is no video we can read. Restart it.")
                )

    async def _take_tag(self, tag: MediaTag) -> None:
        source = self._reader()
        for frame in source.feed(tag):
            if self._run is None:
                await self._begin_run(source, frame)
            if isinstance(frame, VideoFrame):
                await self._take_video(frame)
            elif self._run is not None:
                self._run.audio(frame)

    def _reader(self) -> SourceReader:
        if self._source is None:
            self._source = SourceReader(self._announced)
        return self._source

    async def _take_video(self, frame: VideoFrame) -> None:
        assert self._run is not None  # noqa: S101  _take_tag began it
        self._health.see_video(
            now=time.monotonic(), size=len(frame.tag.payload), time_ms=frame.time_ms, is_key=frame.frame.is_key
        )
        self._run.video(frame)
        if self._passthrough:
            allowed = self._state.target_duration + KEY_FRAME_SLACK_SECONDS
            if self._health.waiting_for_key_seconds(frame.time_ms) > allowed:
                await self._encode_source_instead()

    async def _refuse(self, refusal: SourceRefused) -> None:
        """Put it on the dashboard; streaming drops the publisher."""
        self._refused, self._waiting_since = True, None
        await self._end_run()
        self._reports.signal(signals.source_refused, code=refusal.code, text=str(refusal))

    # --- Runs ----------------------------------------------------------------------------------------------------

    async def _begin_run(self, source: SourceReader, first: VideoFrame | AudioFrame) -> None:
        description = source.description
        assert description is not None and isinstance(first, VideoFrame)  # noqa: S101  a run begins with a key frame
        self._waiting_since = None
        videos = plan_renditions(
            description.width,
            description.height,
            passthrough=self._passthrough,
            max_rungs=settings.MAX_TRANSCODED_RUNGS,
        )
        if self._state.renditions:  # the set of names is fixed once players know it
            known = {entry.name for entry in self._state.renditions}
            videos = [plan for plan in videos if plan.name in known]
        for name in [plan.name for plan in videos] + ([AUDIO] if source.aac else []):
            self._tracks.setdefault(name, Track(name, Window(self._state.target_duration, self._state.part_target)))
        for entry in align_tracks(self._tracks.values()):
            self._emit([self._tracks[entry.rendition].publication(finished=entry)])
        base_msn = max(track.window.next_msn for track in self._tracks.values())
        start = RunStart(
            epoch=await self._next_epoch(),
            base_msn=base_msn,
            wall_time=time.time(),
            first_pts_ms=first.frame.pts / limits.TICKS_PER_MS,
            discontinuity=base_msn > 0,
        )
        plan = RunPlan(start, videos, self._state.part_target)
        self._health = SourceHealth(
            self._state.target_duration, has_audio=source.aac is not None, passthrough=self._passthrough
        )
        self._run = LiveRun(plan, source, self._tracks, self._emit)
        await self._run.begin()
        if not self._state.ready:
            await self._persist_state()
        self._reports.signal(
            signals.source_described, source=description.to_json(), warnings=self._health.warnings(time.monotonic())
        )

    async def _next_epoch(self) -> int:
        """Redis may be away at the moment an encoder comes back: wait for it, the puller's socket buffers meanwhile."""
        used = max((s.epoch for track in self._tracks.values() for s in track.window.segments), default=0)
        while True:
            try:
                return await self._lease.next_epoch(after=used)
            except REDIS_DOWN:
                await asyncio.sleep(0.2)

    async def _end_run(self, *, keep_headers: bool = False) -> None:
        run, self._run = self._run, None
        source, self._source = self._source, None
        if keep_headers and source is not None:
            self._source = SourceReader(self._announced, inherit=source)
        if run is not None:
            await run.end()

    async def _encode_source_instead(self) -> None:
        """Key frames are too far apart to cut the source: encode its rendition too, from the last key frame on."""
        run, source = self._run, self._source
        assert run is not None and source is not None  # noqa: S101  called between two of its frames
        log.info("%s: key frames too far apart, the source is encoded", self.stream_id)
        self._passthrough, self._run = False, None
        replay = list(run.spool)
        last_key = max(index for index, entry in enumerate(replay) if entry.frame.is_key)
        if self._state.ready:
            await run.end()
        else:  # nobody has seen anything yet: begin anew
            await run.abort()
            await self._outbox.join()
            self._tracks.clear()
            await self._store.reset_windows()
        await self._begin_run(source, replay[last_key])
        for entry in replay[last_key:]:
            self._run.video(entry)  # type: ignore[attr-defined]  # _begin_run set it

    # --- Publishing ----------------------------------------------------------------------------------------------

    def _emit(self, publications: list[Publication]) -> None:
        if not publications:
            return
        if self._outbox.full():
            log.error("%s: Redis is away for too long, the oldest media is dropped", self.stream_id)
            self._outbox.get_nowait()
            self._outbox.task_done()
        self._outbox.put_nowait(publications)

    async def _publish_loop(self) -> None:
        """Publish in order; while Redis is away the outbox holds what it can, and everything is told anew after."""
        while True:
            batch = await self._outbox.get()
            told = True
            while True:
                try:
                    if not told:
                        await self._store.put_state(self._state)
                    await self._store.publish(batch)
                    break
                except REDIS_DOWN:
                    told = False
                    await asyncio.sleep(0.2)
            for entry in batch:
                self._uploader.add(entry)
                if entry.finished is not None:
                    self._index(entry.finished)
                    self._previews.see(entry.finished)
            await self._announce()
            self._outbox.task_done()

    def _index(self, finished: FinishedSegment) -> None:
        row = self._collector.add(finished.rendition, finished.segment, expected=len(self._tracks))
        if row is not None:
            self._reports.save_segments([row])

    async def _announce(self) -> None:
        """Say "live" once per run: at the broadcast's first complete segment, later at a run's first part."""
        run = self._run
        if run is None or self._announced_epoch == run.plan.start.epoch:
            return
        if not self._state.ready:
            if not run.is_complete:
                return
            self._state.renditions = self._describe(run)
            self._state.ready = True
            await self._persist_state()
            self._reports.save_renditions(self._state.renditions)
        self._announced_epoch = run.plan.start.epoch
        self._reports.signal(signals.run_live, epoch=run.plan.start.epoch)

    def _describe(self, run: LiveRun) -> list[Rendition]:
        return describe_renditions(
            run.plan.videos, run.description, run.codecs, {name: t.window for name, t in self._tracks.items()}
        )

    async def _persist_state(self) -> None:
        while True:
            try:
                await self._store.put_state(self._state)
                return
            except REDIS_DOWN:
                await asyncio.sleep(0.2)

    # --- Orders and status ---------------------------------------------------------------------------------------

    async def _control_loop(self) -> None:
        """Listen for orders. Redis may go away: then the database is asked, which reconcile keeps right."""
        while True:
            try:
                async with self._redis.pubsub() as pubsub:
                    await pubsub.subscribe(redis_keys.control_channel(self.stream_id))
                    while True:
                        message = await pubsub.get_message(ignore_subscribe_messages=True, timeout=3.0)
                        if message is not None:
                            self._on_order(json.loads(message["data"])["order"])
                        elif not await self._reports.ask(segment_index.is_wanted):
                            self._finish.set()
            except REDIS_DOWN:
                await asyncio.sleep(0.5)

    def _on_order(self, order: str) -> None:
        if order == "finish":
            self._finish.set()
        elif order == "publish" and self._run is None:
            self._expect_source()

    async def _status_loop(self) -> None:
        while True:
            await asyncio.sleep(1.0)
            now = time.monotonic()
            if self._waiting_since is not None and now - self._waiting_since > limits.NO_VIDEO_SECONDS:
                await self._refuse(
                    SourceRefused("no_video", "Your encoder sends no picture. Check its video source and encoder.")
                )
            try:
                if self._connected:
                    await self._redis.set(redis_keys.player_key(self.stream_id), 1, ex=limits.STATUS_TTL_SECONDS)
                if self._run is not None:
                    await self._store.put_status(self._status(self._run, now))
            except REDIS_DOWN:
                log.info("status of %s not stored: Redis does not answer", self.stream_id)

    def _status(self, run: LiveRun, now: float) -> dict[str, Any]:
        return {
            **self._health.measure(now),
            "epoch": run.plan.start.epoch,
            "source": run.description.to_json(),
            "renditions": [plan.name for plan in run.plan.videos],
            "transcoder_lag_seconds": round(run.transcoder_lag_ms / 1000, 2),
            "transcoder_pid": run.transcoder_pid,
            "warnings": self._health.warnings(now),
        }
