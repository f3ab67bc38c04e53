"""What a supervisor tells the database and the rest of the product: in order, and kept while PostgreSQL is away."""

import asyncio
import logging
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, TypeVar

from asgiref.sync import sync_to_async
from django.db import DatabaseError, InterfaceError, close_old_connections
from django.dispatch import Signal

from transcode import segment_index
from transcode.hls.multivariant import Rendition
from transcode.limits import EVENT_OUTBOX_LIMIT

log = logging.getLogger(__name__)
T = TypeVar("T")
RETRY_SECONDS = 1.0


class Reports:
    """A queue of database work of one broadcast. Video never waits for it."""

    def __init__(self, stream_id: str) -> None:
        self._stream_id = stream_id
        self._queue: asyncio.Queue[Callable[[], object]] = asyncio.Queue(EVENT_OUTBOX_LIMIT)
        self._task = asyncio.create_task(self._run())

    def signal(self, signal: Signal, **facts: Any) -> None:
        """Send a signal upward once everything reported before it is stored."""
        self._put(partial(_send, signal, self._stream_id, facts))

    def save_segments(self, rows: Iterable[segment_index.SegmentRow]) -> None:
        rows = list(rows)
        if rows:
            self._put(partial(segment_index.save_segments, stream_id=self._stream_id, rows=rows))

    def save_renditions(self, renditions: Iterable[Rendition]) -> None:
        self._put(partial(segment_index.save_renditions, stream_id=self._stream_id, renditions=list(renditions)))

    async def ask(self, question: Callable[..., T]) -> T:
        """Call `question(stream_id=…)`, waiting for the database if it must be."""
        while True:
            try:
                return await _in_thread(partial(question, stream_id=self._stream_id))
            except (DatabaseError, InterfaceError):
                await asyncio.sleep(RETRY_SECONDS)

    async def drain(self) -> None:
        await self._queue.join()

    async def close(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    def _put(self, work: Callable[[], object]) -> None:
        if self._queue.full():
            log.error("%s: the database is away for too long, a report is dropped", self._stream_id)
            self._queue.get_nowait()
            self._queue.task_done()
        self._queue.put_nowait(work)

    async def _run(self) -> None:
        while True:
            work = await self._queue.get()
            while True:
                try:
                    await _in_thread(work)
                    break
                except (DatabaseError, InterfaceError):
                    log.warning("%s: the database does not answer, trying again", self._stream_id)
                    await asyncio.sleep(RETRY_SECONDS)
                except Exception:
                    log.exception("%s: a report failed", self._stream_id)
                    break
            self._queue.task_done()


def _send(signal: Signal, stream_id: str, facts: dict[str, Any]) -> None:
    signal.send(sender=None, stream_id=stream_id, **facts)


async def _in_thread(work: Callable[[], T]) -> T:
    def call() -> T:
        close_old_connections()
        return work()

    return await sync_to_async(call, thread_sensitive=True)()
