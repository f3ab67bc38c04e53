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
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.conf import settings
from redis import asyncio as aioredis

from transcode import dash, redis_keys
from transcode.dash import Presentation
from transcode.held_requests import HeldRequests
from transcode.hls import names
from transcode.hls.dvr import Past
from transcode.hls.multivariant import render_multivariant
from transcode.hls.playlist import RenditionReport, render_live
from transcode.hls.window import Window, WindowSegment
from transcode.http_answer import DASH_TYPE, FOREVER_SECONDS, PLAYLIST_TYPE, SEGMENT_TYPE, Answer
from transcode.limits import REDIS_RETRY_SECONDS
from transcode.listings import Listing, Listings
from transcode.live_state import LiveState
from transcode.live_store import REDIS_DOWN, as_bytes
from transcode.task_ending import end_tasks

log = logging.getLogger(__name__)

FILE_SECONDS = 120  # a part stays fetchable long after its tag was removed (RFC 8216bis §6.2.2)
WANTED_SECONDS = 30  # without a request for its playlist a rendition's media is no longer copied here
IDLE_SECONDS = 60  # without a request a broadcast is no longer followed
SWEEP_SECONDS = 15
MAX_FOLLOWED = 5_000  # broadcasts; more than that belong on more origins
EXPOSED_DATE = ((b"Access-Control-Expose-Headers", b"Date"),)  # players of other sites take the time from it
MAX_PASTS = 400  # of four hours: 3 MB each
STATE = "*"  # the topic of who waits for the broadcast's state rather than for a rendition
STOPPING = Answer(503, b"This server is about to restart.", max_age=None, headers=((b"Retry-After", b"1"),))


class FollowedBroadcast:
    """The live edge of one broadcast."""

    def __init__(self, stream_id: str, folder: Path) -> None:
        self.stream_id, self.folder = stream_id, folder
        self.state: LiveState | None = None
        self.windows: dict[str, Window] = {}
        self.held: HeldRequests[FollowedBroadcast] = HeldRequests(self)
        self.loading: asyncio.Task[None] | None = None
        self.bringing: dict[tuple[str, str], asyncio.Task[bool]] = {}
        self.used_at = time.monotonic()
        self._wanted_at: dict[str, float] = {}
        self._folders: set[str] = set()
        self.listings = Listings(self.windows)
        self.loading_past = asyncio.Lock()
        self._dash: tuple[object, Answer] | None = None
        self._made: dict[tuple[str, bool, int], Answer] = {}

    def want(self, rendition: str) -> None:
        """Somebody watches this rendition: its parts will be here before the playlist lists them."""
        if rendition in self.windows:
            self._wanted_at[rendition] = time.monotonic()

    def is_wanted(self, rendition: str) -> bool:
        return time.monotonic() - self._wanted_at.get(rendition, float("-inf")) < WANTED_SECONDS

    def take_state(self, state: LiveState) -> None:
        self.state = state
        self._made.clear()
        self.held.wake(STATE)
        if state.ended:
            self.held.wake_all()

    def take_window(self, rendition: str, window: Window) -> None:
        self.windows[rendition] = window
        self._made.clear()
        self.listings.follow(rendition, window)
        self.held.wake(rendition)

    def multivariant(self, *, max_age: int) -> Answer:
        """The multivariant playlist."""
        assert self.state is not None  # noqa: S101  callers wait until the state is ready
        offered = [entry for entry in self.state.renditions if entry.name not in self.state.paused]
        return Answer(200, render_multivariant(offered).encode(), PLAYLIST_TYPE, max_age)

    def dash(self, *, max_age: int) -> Answer:
        """The DASH manifest; made once per segment for all who ask."""
        assert self.state is not None  # noqa: S101  callers wait until the state is ready
        version = (self.state.ended, tuple(window.last_msn for window in self.windows.values()))
        if self._dash is None or self._dash[0] != version:
            tracks = {name: window.segments for name, window in self.windows.items()}
            show = Presentation(self.state.renditions, tracks, self.state.anchor, self.state.target_duration)
            text = dash.render_live(show, self.state.runs, ended=self.state.ended)
            self._dash = (version, Answer(200, text.encode(), DASH_TYPE, max_age, EXPOSED_DATE))
        return self._dash[1]

    def playlist(self, rendition: str, *, skip: bool, max_age: int) -> Answer:
        """The media playlist as it is now; made once for all who ask."""
        key = (rendition, skip, max_age)
        if key not in self._made:
            text = render_live(self.windows[rendition], skip=skip, reports=self._reports(rendition))
            self._made[key] = Answer(200, text.encode(), PLAYLIST_TYPE, max_age)
        return self._made[key]

    def has_pictures(self, rendition: str) -> bool:
        """Whether the rendition is one of pictures."""
        renditions = self.state.renditions if self.state is not None else ()
        return any(entry.name == rendition and not entry.is_audio for entry in renditions)

    def is_hinted(self, rendition: str, name: str) -> bool:
        """Whether the playlist's preload hint names this part."""
        window = self.windows.get(rendition)
        if window is None or window.ended:
            return False
        if window.open is not None:
            return name == names.part_name(window.open.epoch, window.open.msn, len(window.open.parts))
        return bool(window.segments) and name == names.part_name(window.segments[-1].epoch, window.next_msn, 0)

    def file(self, rendition: str, name: str, *, sendfile: bytes) -> Answer | None:
        """What lies in a file: its bytes, or with `sendfile` the address at which nginx has it."""
        path = self.folder / rendition / name
        if not path.exists():
            return None
        if sendfile:
            uri = b"%s/%s/%s/%s" % (sendfile, self.stream_id.encode(), rendition.encode(), name.encode())
            return Answer(200, b"", SEGMENT_TYPE, FOREVER_SECONDS, ((b"X-Accel-Redirect", uri),))
        return Answer(200, path.read_bytes(), SEGMENT_TYPE, FOREVER_SECONDS)

    def write(self, rendition: str, name: str, body: bytes) -> None:
        """Put a file where nginx looks; it appears whole or not at all."""
        folder = self.folder / rendition
        if rendition not in self._folders:
            folder.mkdir(parents=True, exist_ok=True)
            self._folders.add(rendition)
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
        self.held.give_up(STOPPING)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _reports(self, rendition: str) -> list[RenditionReport]:
        return [
            RenditionReport(f"../{name}/{names.MEDIA_PLAYLIST}", *window.edge)
            for name, window in self.windows.items()
            if name != rendition
        ]


class LiveEdge:
    """All broadcasts this process follows, over one Pub/Sub connection."""

    def __init__(self, redis: "aioredis.Redis", folder: Path) -> None:
        self._redis, self._folder = redis, folder
        self._followed: dict[str, FollowedBroadcast] = {}
        self._pubsub = redis.pubsub()
        self._tasks: list[asyncio.Task[None]] = []
        self._something_to_hear = asyncio.Event()
        self.fetches = 0  # media objects asked of Redis

    def start(self) -> None:
        # What an earlier process left is of unknown age.
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(parents=True, exist_ok=True)
        self._tasks = [asyncio.create_task(self._listen()), asyncio.create_task(self._sweep())]

    async def stop(self) -> None:
        """Give everyone who waits an answer, and leave nothing behind."""
        await end_tasks(self._tasks)
        for followed in self._followed.values():
            followed.close()

    @property
    def held(self) -> int:
        """How many requests wait."""
        return sum(len(followed.held) for followed in self._followed.values())

    @property
    def broadcasts(self) -> int:
        """How many are followed."""
        return len(self._followed)

    def followed(self, stream_id: str) -> FollowedBroadcast | None:
        """The live edge of a broadcast if it is loaded already."""
        followed = self._followed.get(stream_id)
        if followed is None or followed.loading is not None:
            return None
        followed.used_at = time.monotonic()
        return followed

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

    async def load_past(self, followed: FollowedBroadcast, listing: Listing) -> None:
        """Make `followed.listings` know what viewers of a rendition may rewind to, where there is such."""
        async with followed.loading_past:
            if listing.rendition not in followed.windows or followed.listings.get(listing) is not None:
                return
            if sum(len(other.listings) for other in self._followed.values()) >= MAX_PASTS:
                raise ConnectionError("this origin holds the past of too many broadcasts")
            stored = await self._redis.lrange(redis_keys.past_key(followed.stream_id, listing.rendition), 0, -1)
            window = followed.windows[listing.rendition]
            past = await asyncio.to_thread(  # 50 ms for four hours: not before the viewers of the live edge
                Past.read,
                listing.form,
                replace(window, segments=list(window.segments)),  # it goes on meanwhile
                [as_bytes(entry) for entry in stored],
                seconds=settings.DVR_SECONDS,
            )
            if past.follow(followed.windows[listing.rendition]):  # what came meanwhile
                followed.listings.put(listing, past)

    async def fetch_all(self, stream_id: str, objects: Sequence[tuple[str, str]]) -> list[bytes | None]:
        """Parts and initialization sections straight from Redis, by (rendition, name)."""
        if not objects:
            return []
        keys = [redis_keys.object_key(stream_id, rendition, name) for rendition, name in objects]
        self.fetches += len(keys)
        return [as_bytes(body) for body in await self._redis.mget(keys)]

    async def bring(self, followed: FollowedBroadcast, rendition: str, name: str) -> bool:
        """Copy what Redis has of this name to a file, once for all who ask for it; whether there was such."""
        if (followed.folder / rendition / name).exists():
            return True
        key = (rendition, name)
        if key not in followed.bringing:
            task = followed.bringing[key] = asyncio.create_task(self._bring(followed, rendition, name))
            task.add_done_callback(lambda _: followed.bringing.pop(key, None))
        return await asyncio.shield(followed.bringing[key])  # who asked first may hang up

    async def _bring(self, followed: FollowedBroadcast, rendition: str, name: str) -> bool:
        body = await self._object(followed, rendition, name)
        if body is not None:
            followed.write(rendition, name, body)
        return body is not None

    async def _object(self, followed: FollowedBroadcast, rendition: str, name: str) -> bytes | None:
        """What Redis has of this name, a segment that is not in storage yet from its parts."""
        [body] = await self.fetch_all(followed.stream_id, [(rendition, name)])
        if body is not None or name.count(".") != 1:
            return body
        window = followed.windows.get(rendition)
        for segment in window.segments if window else ():
            if segment.parts and names.segment_name(segment.epoch, segment.msn) == name:
                return await self._joined(followed.stream_id, rendition, segment)
        return None

    async def _joined(self, stream_id: str, rendition: str, segment: WindowSegment) -> bytes | None:
        part_names = [names.part_name(segment.epoch, segment.msn, index) for index in range(len(segment.parts))]
        parts = await self.fetch_all(stream_id, [(rendition, name) for name in part_names])
        return None if None in parts else b"".join(part for part in parts if part is not None)

    async def _load(self, followed: FollowedBroadcast) -> None:
        stream_id = followed.stream_id
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.get(redis_keys.state_key(stream_id))
            pipe.hgetall(redis_keys.windows_key(stream_id))
            state, windows = await pipe.execute()
        for name, text in windows.items():
            rendition, window = name.decode(), Window.from_json(text)
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
        parts = [
            (change["rendition"], change["part"])
            for change in news["changes"]
            if change["part"] is not None and followed.is_wanted(change["rendition"])
        ]
        for (rendition, name), body in zip(parts, await self.fetch_all(followed.stream_id, parts), strict=True):
            if body is not None:
                followed.write(rendition, name, body)
        for change in news["changes"]:
            await self._take_change(followed, change)

    async def _take_change(self, followed: FollowedBroadcast, change: dict[str, Any]) -> None:
        rendition = change["rendition"]
        window, since = followed.windows.get(rendition), change["revision"] - len(change["changes"])
        if window is not None and since and window.revision >= change["revision"]:
            return  # what was read at the start knew of it
        if window is not None and since and window.revision == since:
            window.apply(change["changes"])
        else:  # begun (anew), or news was missed
            stored = await self._redis.hget(redis_keys.windows_key(followed.stream_id), rendition)
            if stored is None:
                return
            window = Window.from_json(stored)
        if change["segment"] is not None and window.segments and followed.is_wanted(rendition):
            followed.join_segment(rendition, window)
        followed.take_window(rendition, window)

    async def _sweep(self) -> None:
        """Forget broadcasts nobody watches, and files nobody will ask for."""
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            for stream_id, followed in list(self._followed.items()):
                if time.monotonic() - followed.used_at < IDLE_SECONDS or len(followed.held):
                    followed.drop_old_files()
                    followed.listings.drop_unused()
                    continue
                del self._followed[stream_id]
                try:
                    await self._pubsub.unsubscribe(redis_keys.events_channel(stream_id))
                except REDIS_DOWN:
                    log.info("could not unsubscribe: Redis does not answer")
                followed.close()
