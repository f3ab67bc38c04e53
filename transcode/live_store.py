"""Where live media is kept: windows, parts and state in Redis, whole segments in object storage.

Every write is fenced: it fails once another worker has announced itself as the writer, also that of a worker that was
stopped, lost its lease meanwhile and wakes up in the middle of a write.
"""

import asyncio
import json
import logging
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Any, overload

from asgiref.sync import sync_to_async
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from redis import asyncio as aioredis
from redis.asyncio.client import Pipeline
from redis.exceptions import RedisError

from transcode import redis_keys
from transcode.errors import LeaseLost
from transcode.hls import names
from transcode.hls.dvr import encode_entry, entries_kept
from transcode.hls.window import Window, WindowSegment
from transcode.limits import (
    PARTS_TTL_SECONDS,
    PAST_TTL_SECONDS,
    STATE_TTL_SECONDS,
    STATUS_TTL_SECONDS,
    UPLOAD_RETRY_MAX_SECONDS,
    UPLOADS_AT_ONCE,
    UPLOADS_WAITING,
)
from transcode.live_state import LiveState
from transcode.packager import Publication
from transcode.task_ending import end_tasks

log = logging.getLogger(__name__)

PUBLISHED_TO_EMPTY = 2  # what publish.lua says of a Redis that was lost
PUBLISH_SCRIPT = (Path(__file__).parent / "publish.lua").read_text()


def connect(url: str = "") -> "aioredis.Redis":
    """A client for live media's Redis (or the one at `url`), bytes in and out."""
    return aioredis.Redis.from_url(url or settings.LIVE_REDIS_URL, socket_connect_timeout=2, socket_timeout=5)


@overload
def as_bytes(value: bytes | str) -> bytes: ...
@overload
def as_bytes(value: bytes | str | None) -> bytes | None: ...
def as_bytes(value: bytes | str | None) -> bytes | None:
    """A reply of `connect()`'s client, which never decodes; redis-py's types cannot say so."""
    return value.encode() if isinstance(value, str) else value


class LiveStore:
    """One broadcast's live media, as its supervisor writes it."""

    def __init__(self, redis: "aioredis.Redis", stream_id: str) -> None:
        self.redis, self.stream_id = redis, stream_id
        self._name = secrets.token_hex(8)
        self._script = redis.register_script(PUBLISH_SCRIPT)
        self.lost_past = False  # Redis came back empty: `put_past` is due

    async def become_writer(self) -> None:
        """From now on only our writes count. Call it only with the lease in hand."""
        await self.redis.set(redis_keys.writer_key(self.stream_id), self._name, ex=STATE_TTL_SECONDS)

    @asynccontextmanager
    async def _fenced(self) -> "AsyncIterator[Pipeline]":
        """A transaction that raises LeaseLost when another worker is the writer. A Redis that was lost has none."""
        key = redis_keys.writer_key(self.stream_id)
        async with self.redis.pipeline(transaction=True) as pipe:
            await pipe.watch(key)
            writer = as_bytes(await pipe.get(key))
            if writer not in {None, self._name.encode()}:
                raise LeaseLost(f"another worker writes {self.stream_id}")
            pipe.multi()  # type: ignore[no-untyped-call]
            if writer is None:
                pipe.set(key, self._name, ex=STATE_TTL_SECONDS)
            yield pipe
            await pipe.execute()

    async def load(self) -> tuple[LiveState | None, dict[str, Window]]:
        """What an earlier run left: state and windows."""
        stored = await self.redis.get(redis_keys.state_key(self.stream_id))
        windows = await self.redis.hgetall(redis_keys.windows_key(self.stream_id))
        state = LiveState.from_json(json.loads(stored)) if stored else None
        return state, {str(as_bytes(name), "ascii"): Window.from_json(text) for name, text in windows.items()}

    async def load_open_parts(self, rendition: str, window: Window) -> list[bytes]:
        """Bytes of the open segment's parts; shorter than the window's list when some have expired."""
        opened = window.open
        if opened is None or not opened.parts:
            return []
        keys = [
            redis_keys.object_key(self.stream_id, rendition, names.part_name(opened.epoch, opened.msn, index))
            for index in range(len(opened.parts))
        ]
        return [as_bytes(body) for body in await self.redis.mget(keys) if body is not None]

    async def load_init(self, rendition: str, epoch: int) -> bytes | None:
        """A run's initialization section."""
        key = redis_keys.object_key(self.stream_id, rendition, names.init_name(epoch))
        return as_bytes(await self.redis.get(key))

    async def load_segment(self, rendition: str, segment: WindowSegment) -> bytes | None:
        """A listed segment's bytes from its parts, also of parts no longer listed; None if some have expired."""
        body, index = b"", 0
        while len(body) < segment.size:
            name = names.part_name(segment.epoch, segment.msn, index)
            part = as_bytes(await self.redis.get(redis_keys.object_key(self.stream_id, rendition, name)))
            if part is None:
                return None
            body, index = body + part, index + 1
        return body if len(body) == segment.size else None

    async def put_state(self, state: LiveState) -> None:
        """Store the state and tell the origins."""
        text = json.dumps(state.to_json())
        async with self._fenced() as pipe:
            pipe.set(redis_keys.state_key(self.stream_id), text, ex=STATE_TTL_SECONDS)
            pipe.publish(redis_keys.events_channel(self.stream_id), json.dumps({"state": state.to_json()}))

    async def reset_windows(self) -> None:
        """Forget windows no viewer was ever given."""
        renditions = await self.redis.hkeys(redis_keys.windows_key(self.stream_id))
        past = [redis_keys.past_key(self.stream_id, str(as_bytes(name), "ascii")) for name in renditions]
        async with self._fenced() as pipe:
            pipe.delete(redis_keys.windows_key(self.stream_id), *past)

    async def put_past(self, past: Mapping[str, Sequence[bytes]]) -> None:
        """Write anew what viewers may rewind to: entries as hls.dvr encodes them."""
        async with self._fenced() as pipe:
            for rendition, entries in past.items():
                key = redis_keys.past_key(self.stream_id, rendition)
                pipe.delete(key)
                pipe.rpush(key, *entries)
                pipe.expire(key, PAST_TTL_SECONDS)
        self.lost_past = False

    async def publish(self, publications: Iterable[Publication]) -> None:
        """Make changes visible at once, in one step on the server: bytes, the windows that list them, the news."""
        publications = list(publications)
        keys = [redis_keys.writer_key(self.stream_id), redis_keys.windows_key(self.stream_id)]
        bodies: list[int | bytes] = []
        for entry in publications:
            for name, body, seconds in (
                (entry.init_name, entry.init, STATE_TTL_SECONDS),
                (entry.part_name, entry.part, PARTS_TTL_SECONDS),
            ):
                if name is not None:
                    keys.append(redis_keys.object_key(self.stream_id, entry.rendition, name))
                    bodies += [seconds, body]
        past: list[bytes] = []
        for entry in publications if settings.DVR_SECONDS else ():
            if entry.finished is not None:
                keys.append(redis_keys.past_key(self.stream_id, entry.rendition))
                past.append(encode_entry(entry.finished.segment))
        kept = entries_kept(seconds=settings.DVR_SECONDS, target_duration=settings.TARGET_DURATION_SECONDS)
        channel = redis_keys.events_channel(self.stream_id)
        news = json.dumps({"changes": [_news(entry) for entry in publications]}, separators=(",", ":"))
        windows = {entry.rendition: entry.window for entry in publications}  # the last one of each
        listed = [text for pair in windows.items() for text in pair]
        numbers = (len(bodies) // 2, len(past), kept, PAST_TTL_SECONDS)
        done = await self._script(
            keys, [self._name, STATE_TTL_SECONDS, channel, news, *numbers, *bodies, *past, *listed]
        )
        if not done:
            raise LeaseLost(f"another worker writes {self.stream_id}")
        self.lost_past |= done == PUBLISHED_TO_EMPTY and bool(settings.DVR_SECONDS)

    async def put_status(self, status: Mapping[str, Any]) -> None:
        await self.redis.set(redis_keys.status_key(self.stream_id), json.dumps(status), ex=STATUS_TTL_SECONDS)


def _news(entry: Publication) -> dict[str, Any]:
    """What an origin is told: what changed in the window since which revision, and which files are new."""
    return {
        "rendition": entry.rendition,
        "changes": entry.changes,
        "revision": entry.revision,
        "part": entry.part_name,
        "segment": entry.finished.name if entry.finished and entry.finished.body else None,
    }


class WholeFile(ContentFile):  # type: ignore[type-arg]  # generic in its stubs only
    """Written at once: a chunk of 64 KB at a time, a thread gives up the interpreter twenty times a segment."""

    def __init__(self, body: bytes) -> None:
        super().__init__(body)
        self._body = body

    def chunks(self, chunk_size: int | None = None) -> Iterator[bytes]:
        yield self._body


def store_object(stream_id: str, path: str, body: bytes) -> None:
    """Write one file of a broadcast to object storage, replacing what is there."""
    default_storage.save(names.object_key(stream_id, path), WholeFile(body))


def store_objects(stream_id: str, files: "Files") -> None:
    """Write these files and take them off the list, up to the first one that cannot be written."""
    while files:
        path, body = files[0]
        store_object(stream_id, path, body)
        del files[0]


def backoff_seconds(attempt: int) -> float:
    """How long to leave storage alone after the attempt of this number, counted from 0."""
    return min(0.2 * 2.0 ** min(attempt, 10), UPLOAD_RETRY_MAX_SECONDS)


def is_stored(stream_id: str, path: str, size: int) -> bool:
    """Whether all of a file is in object storage."""
    key = names.object_key(stream_id, path)
    return default_storage.exists(key) and default_storage.size(key) == size


Files = list[tuple[str, bytes]]  # path within the broadcast, body


class Uploader:
    """Writes finished segments to object storage behind the live edge, in order, retrying while storage is away."""

    def __init__(self, stream_id: str) -> None:
        self._stream_id = stream_id
        self._queue: asyncio.Queue[tuple[str, bytes]] = asyncio.Queue(UPLOADS_WAITING)
        self._inheriting: asyncio.Task[None] | None = None
        self._task = asyncio.create_task(self._run())

    def add(self, entry: Publication) -> None:
        """Store what of this publication is kept for ever: initialization sections and whole segments, not parts."""
        if entry.init_name is not None:
            self._put(f"{entry.rendition}/{entry.init_name}", entry.init)
        if entry.finished is not None and entry.finished.body:
            self._put(f"{entry.rendition}/{entry.finished.name}", entry.finished.body)

    def inherit(self, find: Callable[[], Awaitable[Files]]) -> None:
        """Store what `find` says an earlier worker has not stored."""
        self._inheriting = asyncio.create_task(self._inherit(find))

    async def drain(self) -> None:
        """Wait until everything given so far is stored."""
        if self._inheriting is not None:
            await self._inheriting
        await self._queue.join()

    async def close(self) -> None:
        await end_tasks([task for task in (self._task, self._inheriting) if task is not None])

    def _put(self, path: str, body: bytes) -> None:
        if self._queue.full():
            lost, _ = self._queue.get_nowait()
            self._queue.task_done()
            log.error(
                "storage is away for too long: %s of %s will be missing from the recording", lost, self._stream_id
            )
        self._queue.put_nowait((path, body))

    async def _inherit(self, find: Callable[[], Awaitable[Files]]) -> None:
        for attempt in count():
            try:
                files = await find()
                break
            except Exception:
                log.exception("%s: what is not stored could not be found, attempt %d", self._stream_id, attempt + 1)
                await asyncio.sleep(backoff_seconds(attempt))
        await self._store(files)

    async def _run(self) -> None:
        """What waits goes to storage in one turn of a thread."""
        while True:
            files = [await self._queue.get()]
            while not self._queue.empty() and len(files) < UPLOADS_AT_ONCE:
                files.append(self._queue.get_nowait())
            taken = len(files)
            await self._store(files)
            for _ in range(taken):
                self._queue.task_done()

    async def _store(self, files: Files) -> None:
        """Until they are stored: a recording with a hole cannot be mended later."""
        store = sync_to_async(store_objects, thread_sensitive=False)
        for attempt in count():
            try:
                await store(self._stream_id, files)
                break
            except Exception:
                log.exception("storing %s of %s failed, attempt %d", files[0][0], self._stream_id, attempt + 1)
                await asyncio.sleep(backoff_seconds(attempt))


REDIS_DOWN = (RedisError, OSError, asyncio.TimeoutError)
