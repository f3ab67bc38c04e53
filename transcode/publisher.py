"""Makes what a run produced visible: live store first, then object storage, the segment index and previews."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping

from transcode import segment_index
from transcode.hls.dvr import encode_entry
from transcode.limits import EVENT_OUTBOX_LIMIT, PUBLISH_PAUSE_SECONDS, REDIS_RETRY_SECONDS
from transcode.live_state import LiveState
from transcode.live_store import REDIS_DOWN, LiveStore, Uploader
from transcode.packager import FinishedSegment, Publication, Track
from transcode.preview_schedule import PreviewSchedule
from transcode.reports import Reports
from transcode.task_ending import end_tasks
from transcode.unstored import find_unstored

log = logging.getLogger(__name__)


class Publisher:
    """One broadcast's outbox, in order. While Redis is away it holds what it can and tells everything anew after."""

    def __init__(
        self, store: LiveStore, tracks: Mapping[str, Track], reports: Reports, after_each: Callable[[], Awaitable[None]]
    ) -> None:
        """`after_each` is awaited whenever something became visible."""
        self.state: LiveState | None = None
        self._store, self._tracks, self._reports, self._after_each = store, tracks, reports, after_each
        self._outbox: asyncio.Queue[list[Publication]] = asyncio.Queue(EVENT_OUTBOX_LIMIT)
        self._uploader = Uploader(store.stream_id)
        self._previews = PreviewSchedule(store.stream_id)
        self._collector = segment_index.RowCollector()
        self._restoring: asyncio.Task[dict[str, list[bytes]]] | None = None

    def emit(self, publications: list[Publication]) -> None:
        """Queue changes that belong together."""
        if not publications:
            return
        if self._outbox.full():
            log.error("%s: Redis is away for too long, the oldest media is dropped", self._store.stream_id)
            self._outbox.get_nowait()
            self._outbox.task_done()
        self._outbox.put_nowait(publications)

    async def run(self) -> None:
        """Publish for ever; what comes right behind something else waits a moment for what comes behind that."""
        published_at = 0.0
        while True:
            batches = [await self._outbox.get()]
            pause = published_at + PUBLISH_PAUSE_SECONDS - asyncio.get_running_loop().time()
            if pause > 0:
                await asyncio.sleep(pause)
            while not self._outbox.empty():
                batches.append(self._outbox.get_nowait())
            await self._publish([entry for batch in batches for entry in batch])
            await self._restore_past()
            for entry in (entry for batch in batches for entry in batch):
                self._uploader.add(entry)
                if entry.finished is not None:
                    self.index(entry.finished)
                    self._previews.see(entry.finished)
            await self._after_each()
            for _ in batches:
                self._outbox.task_done()
            published_at = asyncio.get_running_loop().time()

    def index(self, finished: FinishedSegment) -> None:
        """Note a finished segment for the database; written once every rendition has it."""
        row = self._collector.add(finished.rendition, finished.segment, expected=len(self._tracks))
        if row is not None:
            self._reports.save_segments([row])

    def inherit(self) -> None:
        """Store what an earlier worker listed and did not come to store."""
        listed = {name: list(track.window.segments) for name, track in self._tracks.items()}
        self._uploader.inherit(lambda: find_unstored(self._store, listed))

    async def put_state(self) -> None:
        """Store the state, waiting for Redis if it must be."""
        while True:
            try:
                if self.state is not None:
                    await self._store.put_state(self.state)
                return
            except REDIS_DOWN:
                await asyncio.sleep(REDIS_RETRY_SECONDS)

    async def published(self) -> None:
        """Wait until everything queued so far is visible."""
        await self._outbox.join()

    async def stored(self) -> None:
        """Wait until everything is visible, in object storage and indexed."""
        await self.published()
        self._reports.save_segments(self._collector.take_rest())
        await self._uploader.drain()
        await self._reports.drain()

    async def close(self) -> None:
        if self._restoring is not None:
            await end_tasks([self._restoring])
        await self._uploader.close()

    async def _restore_past(self) -> None:
        """Give a Redis that came back empty what viewers may rewind to; the picture does not wait for the database."""
        if self._store.lost_past and self._restoring is None:
            self._restoring = asyncio.create_task(self._reports.ask(segment_index.load_past))
        if self._restoring is None or not self._restoring.done():
            return
        past, self._restoring = self._restoring.result(), None
        for name, track in self._tracks.items():  # the newest segments are perhaps not indexed yet
            past.setdefault(name, []).extend(map(encode_entry, track.window.segments))
        try:
            await self._store.put_past({name: entries for name, entries in past.items() if entries})
        except REDIS_DOWN:
            log.info("%s: Redis went away again", self._store.stream_id)

    async def _publish(self, batch: list[Publication]) -> None:
        told = True
        while True:
            try:
                if not told and self.state is not None:  # Redis may have come back empty
                    await self._store.put_state(self.state)
                await self._store.publish(batch)
                return
            except REDIS_DOWN:
                told = False
                await asyncio.sleep(REDIS_RETRY_SECONDS)
