"""One origin process's copy of the live edge: windows in memory, parts and segments in memory-backed files.

A broadcast is followed from its first viewer on. Every piece of news is handled in this order: bytes to a file,
then the window, then the waiting requests, so that whatever a playlist lists can be fetched from nginx at once.
"""

import asyncio
import json
import logging
import os
import shutil
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

from redis import asyncio as aioredis

from transcode import redis_keys
from transcode.hls import names
from transcode.hls.multivariant import render_multivariant
from transcode.hls.playlist import RenditionReport, render_live
from transcode.hls.window import Window
from transcode.limits import REDIS_RETRY_SECONDS
from transcode.live_state import LiveState
from transcode.live_store import REDIS_DOWN, as_bytes
from transcode.task_ending import end_tasks

log = logging.getLogger(__name__)

FILE_SECONDS = 120  # a part stays fetchable long after its tag was removed (RFC 8216bis §6.2.2)
IDLE_SECONDS = 60  # without a request a broadcast is no longer followed
SWEEP_SECONDS = 15
MAX_FOLLOWED = 5_000  # broadcasts; more than that belong on more origins
STATE = "*"  # waiters for the broadcast's state rather than for a rendition


class FollowedBroadcast:
    """The live edge of one broadcast."""

    def __init__(self, stream_id: str, folder: Path) -> None:
        self.stream_id, self.folder = stream_id, folder
        self.state: LiveState | None = None
        self.windows: dict[str, Window] = {}
        self.loading: asyncio.Task[None] | None = None
        self.used_at = time.monotonic()
        self._waiters: defaultdict[str, set[asyncio.Future[bool]]] = defaultdict(set)
        self._rendered: dict[tuple[str, bool], bytes] = {}

    async def changed(self, what: str, deadline: float) -> bool:
        """Wait for the next change of a rendition (or STATE); False when `deadline` (loop time) comes first."""
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[bool] = loop.create_future()
        timer = loop.call_at(deadline, _resolve, waiter, False)
        self._waiters[what].add(waiter)
        try:
            return await waiter
        finally:
            timer.cancel()
            self._waiters[what].discard(waiter)

    def take_state(self, state: LiveState) -> None:
        self.state = state
        self._rendered.clear()
        self._wake(STATE)
        if state.ended:
            for rendition in list(self._waiters):
                self._wake(rendition)

    def take_window(self, rendition: str, window: Window) -> None:
        self.windows[rendition] = window
        self._rendered.clear()
        self._wake(rendition)

    def multivariant(self) -> bytes:
        assert self.state is not None  # noqa: S101  callers wait until the state is ready
        return render_multivariant(self.state.renditions).encode()

    def playlist(self, rendition: str, *, skip: bool) -> bytes:
        """The media playlist as it is now; rendered once for all who ask."""
        key = (rendition, skip)
        if key not in self._rendered:
            self._rendered[key] = render_live(
                self.windows[rendition], skip=skip, reports=self._reports(rendition)
            ).encode()
        return self._rendered[key]

    def is_hinted(self, rendition: str, name: str) -> bool:
        """Whether the playlist's preload hint names this part."""
        window = self.windows.get(rendition)
        if window is None or window.ended:
            return False
        if window.open is not None:
            return name == names.part_name(window.open.epoch, window.open.msn, len(window.open.parts))
        return bool(window.segments) and name == names.part_name(window.segments[-1].epoch, window.next_msn, 0)

    def write(self, rendition: str, name: str, body: bytes) -> None:
        """Put a file where nginx looks; it appears whole or not at all."""
        folder = self.folder / rendition
        folder.mkdir(parents=True, exist_ok=True)
        draft = folder / f".{name}"
        draft.write_bytes(body)
        os.replace(draft, folder / name)

    def join_segment(self, rendition: str, window: Window) -> None:
        """The newest segment as one file, from its parts; left to storage when some are not here."""
        segment = window.segments[-1]
        folder = self.folder / rendition
        try:
            body = b"".join(
                (folder / names.part_name(segment.epoch, segment.msn, index)).read_bytes()
                for index in range(len(segment.parts))
            )
        except FileNotFoundError:
            return
        self.write(rendition, names.segment_name(segment.epoch, segment.msn), body)

    def drop_old_files(self) -> None:
        limit = time.time() - FILE_SECONDS
        for path in self.folder.glob("*/*"):
            if ".init." not in path.name and path.stat().st_mtime < limit:
                path.unlink(missing_ok=True)

    def close(self) -> None:
        for waiters in self._waiters.values():
            for waiter in waiters:
                _resolve(waiter, False)
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def has_waiters(self) -> bool:
        return any(self._waiters.values())

    def _wake(self, what: str) -> None:
        for waiter in self._waiters[what]:
            _resolve(waiter, True)

    def _reports(self, rendition: str) -> list[RenditionReport]:
        return [
            RenditionReport(f"../{name}/{names.MEDIA_PLAYLIST}", *window.edge)
            for name, window in self.windows.items()
            if name != rendition and window.edge[1] >= 0
        ]


def _resolve(waiter: "asyncio.Future[bool]", changed: bool) -> None:
    if not waiter.done():
        waiter.set_result(changed)


class LiveEdge:
    """All broadcasts this process follows, over one Pub/Sub connection."""

    def __init__(self, redis: "aioredis.Redis", folder: Path) -> None:
        self._redis, self._folder = redis, folder
        self._followed: dict[str, FollowedBroadcast] = {}
        self._pubsub = redis.pubsub()
        self._tasks: list[asyncio.Task[None]] = []
        self._something_to_hear = asyncio.Event()

    def start(self) -> None:
        # What an earlier process left is of unknown age.
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(parents=True, exist_ok=True)
        self._tasks = [asyncio.create_task(self._listen()), asyncio.create_task(self._sweep())]

    async def stop(self) -> None:
        await end_tasks(self._tasks)
        for followed in self._followed.values():
            followed.close()

    async def follow(self, stream_id: str) -> FollowedBroadcast:
        """The live edge of a broadcast, loaded; raises a Redis error when it cannot be."""
        followed = self._followed.get(stream_id)
        if followed is None:
            if len(self._followed) >= MAX_FOLLOWED:
                raise ConnectionError("this origin follows too many broadcasts")
            followed = self._followed[stream_id] = FollowedBroadcast(stream_id, self._folder / stream_id)
            followed.loading = asyncio.create_task(self._begin(followed))
        followed.used_at = time.monotonic()
        if followed.loading is not None:
            await asyncio.shield(followed.loading)  # the first viewer may hang up while others wait for the same
        return followed

    async def _begin(self, followed: FollowedBroadcast) -> None:
        try:
            # Subscribe first: news that arrives while the state is read is newer than what is read.
            await self._pubsub.subscribe(redis_keys.events_channel(followed.stream_id))
            self._something_to_hear.set()
            await self._load(followed)
        except BaseException:
            self._followed.pop(followed.stream_id, None)
            raise
        followed.loading = None

    async def fetch(self, stream_id: str, rendition: str, name: str) -> bytes | None:
        """A part or initialization section straight from Redis."""
        return as_bytes(await self._redis.get(redis_keys.object_key(stream_id, rendition, name)))

    async def _load(self, followed: FollowedBroadcast) -> None:
        stream_id = followed.stream_id
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.get(redis_keys.state_key(stream_id))
            pipe.hgetall(redis_keys.windows_key(stream_id))
            state, windows = await pipe.execute()
        for name, text in windows.items():
            rendition, window = name.decode(), Window.from_json(json.loads(text))
            known = followed.windows.get(rendition)
            if known is None or window.edge >= known.edge:  # else news was faster than this reading
                followed.take_window(rendition, window)
        if state and not (followed.state and followed.state.ended):
            followed.take_state(LiveState.from_json(json.loads(state)))

    async def _listen(self) -> None:
        """Take news for ever. After a lost connection the client subscribes again by itself, which is news too."""
        while True:
            await self._something_to_hear.wait()
            try:
                message = await self._pubsub.get_message(timeout=5.0)
                if message is not None:
                    await self._take_message(message)
            except REDIS_DOWN:
                log.warning("live media's Redis does not answer; players keep what they have")
                await asyncio.sleep(REDIS_RETRY_SECONDS)
            except Exception:
                log.exception("news could not be taken")

    async def _take_message(self, message: dict[str, Any]) -> None:
        stream_id = message["channel"].decode().split("{", 1)[1].split("}", 1)[0]
        followed = self._followed.get(stream_id)
        if followed is None:
            return
        if message["type"] == "message":
            await self._take_news(followed, json.loads(message["data"]))
        elif message["type"] == "subscribe" and followed.loading is None:
            await self._load(followed)  # what was told meanwhile was missed

    async def _take_news(self, followed: FollowedBroadcast, news: dict[str, Any]) -> None:
        if "state" in news:
            followed.take_state(LiveState.from_json(news["state"]))
            return
        rendition, window = news["rendition"], Window.from_json(news["window"])
        if news["part"] is not None:
            body = await self.fetch(followed.stream_id, rendition, news["part"])
            if body is not None:
                followed.write(rendition, news["part"], body)
        if news["segment"] is not None:
            followed.join_segment(rendition, window)
        followed.take_window(rendition, window)

    async def _sweep(self) -> None:
        """Forget broadcasts nobody watches, and files nobody will ask for."""
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            for stream_id, followed in list(self._followed.items()):
                if time.monotonic() - followed.used_at < IDLE_SECONDS or followed.has_waiters:
                    followed.drop_old_files()
                    continue
                del self._followed[stream_id]
                try:
                    await self._pubsub.unsubscribe(redis_keys.events_channel(stream_id))
                except REDIS_DOWN:
                    log.info("could not unsubscribe: Redis does not answer")
                followed.close()
