"""Makes what a run produced visible: live store first, then object storage, the segment index and previews."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping

from transcode import segment_index
from transcode.limits import EVENT_OUTBOX_LIMIT, PUBLISH_PAUSE_SECONDS, REDIS_RETRY_SECONDS
from transcode.live_state import LiveState
from transcode.live_store import REDIS_DOWN, LiveStore, Uploader
from transcode.packager import FinishedSegment, Publication, Track
from transcode.preview_schedule import PreviewSchedule
from transcode.reports import Reports

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
        """Publish for ever."""
        while True:
            batches = [await self._outbox.get()]
            while not self._outbox.empty():
                batches.append(self._outbox.get_nowait())
            await self._publish([entry for batch in batches for entry in batch])
            for entry in (entry for batch in batches for entry in batch):
                self._uploader.add(entry)
                if entry.finished is not None:
                    self.index(entry.finished)
                    self._previews.see(entry.finished)
            await self._after_each()
            for _ in batches:
                self._outbox.task_done()
            await asyncio.sleep(PUBLISH_PAUSE_SECONDS)

    def index(self, finished: FinishedSegment) -> None:
        """Note a finished segment for the database; written once every rendition has it."""
        row = self._collector.add(finished.rendition, finished.segment, expected=len(self._tracks))
        if row is not None:
            self._reports.save_segments([row])

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
        await self._uploader.close()

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
