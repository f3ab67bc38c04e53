"""The origin: an ASGI application that answers playlists with blocking reload, and media that nginx does not have.

No database, no session: a signed token in the path is all the permission there is (`playback_tokens`). Whoever
answers in place of this module only needs `LiveEdge` and the pure rules in `hls/`.
"""

import asyncio
import logging
import re
import time
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from asgiref.sync import sync_to_async
from django.conf import settings
from django.core.files.storage import default_storage

from transcode import playback_tokens
from transcode.hls import names
from transcode.hls.blocking import HOLD_TARGET_DURATIONS, BadDirectives, Decision, decide, parse_directives
from transcode.live_edge import STATE, FollowedBroadcast, LiveEdge
from transcode.live_store import REDIS_DOWN, connect

log = logging.getLogger(__name__)

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

START_HOLD_SECONDS = 10.0  # how long the multivariant playlist of a starting broadcast is held
MAX_QUERY_BYTES = 1024
PLAYLIST_TYPE = b"application/vnd.apple.mpegurl"
_PATH = re.compile(
    r"/media/(?P<token>[A-Za-z0-9._-]{1,64})/(?P<stream_id>[0-9a-f]{24})/(?P<path>[A-Za-z0-9._/-]{1,120})"
)
_MEDIA_PLAYLIST = re.compile(r"(?P<rendition>[a-z0-9]{1,16})/index\.m3u8")
_MEDIA_OBJECT = re.compile(r"(?P<rendition>[a-z0-9]{1,16})/(?P<name>[0-9][0-9.-]{0,30}(init\.mp4|\.?m4s))")
_RECORDING_PLAYLIST = re.compile(r"vod/(?:[a-z0-9]{1,16}/)?index\.m3u8")


@dataclass(frozen=True)
class Answer:
    """An HTTP answer. `max_age` seconds, None for no caching at all."""

    status: int
    body: bytes = b""
    content_type: bytes = b"text/plain; charset=utf-8"
    max_age: int | None = 1
    headers: tuple[tuple[bytes, bytes], ...] = field(default=())

    async def send(self, send: Send, *, with_body: bool) -> None:
        cache = b"no-cache" if self.max_age is None else b"public, max-age=%d" % self.max_age
        headers = [
            (b"content-type", self.content_type),
            (b"content-length", b"%d" % len(self.body)),
            (b"cache-control", cache),
            (b"access-control-allow-origin", b"*"),  # the token is the permission, not the page it is used on
            *self.headers,
        ]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": self.body if with_body else b""})


FORBIDDEN = Answer(403, b"This playback address is not valid or has expired. Reload the page.", max_age=1)
NOT_FOUND = Answer(404, b"There is no such media.", max_age=1)


class Origin:
    """The ASGI application."""

    def __init__(self, edge_factory: Callable[[], LiveEdge]) -> None:
        self._edge_factory = edge_factory
        self._edge: LiveEdge | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["type"] == "http":
            answer = await _or_gone(self._answer(scope), receive)
            if answer is not None:
                await answer.send(send, with_body=scope["method"] != "HEAD")

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                self._edge = self._edge_factory()
                self._edge.start()
                await send({"type": "lifespan.startup.complete"})
            elif message["type"] == "lifespan.shutdown":
                if self._edge is not None:
                    await self._edge.stop()
                await send({"type": "lifespan.shutdown.complete"})
                return

    async def _answer(self, scope: Scope) -> Answer:
        if scope["method"] not in {"GET", "HEAD"}:
            return Answer(405, b"Only GET.", headers=((b"allow", b"GET, HEAD"),))
        query = scope["query_string"]
        if len(query) > MAX_QUERY_BYTES:
            return Answer(414, b"The query is too long.")
        pairs = parse_qsl(query.decode("latin-1"), keep_blank_values=True)
        path = scope["path"]
        if path in PLAIN_PAGES:
            return PLAIN_PAGES[path](dict(pairs))
        found = _PATH.fullmatch(path)
        if found is None:
            return NOT_FOUND
        if not _may_play(found["token"], found["stream_id"]):
            return FORBIDDEN
        try:
            return await self._media(found["stream_id"], found["path"], pairs)
        except BadDirectives as problem:
            return Answer(400, str(problem).encode())
        except REDIS_DOWN:
            return Answer(503, b"Live media is not available right now.", headers=((b"retry-after", b"1"),))

    async def _media(self, stream_id: str, path: str, query: list[tuple[str, str]]) -> Answer:
        assert self._edge is not None  # noqa: S101  the lifespan started it
        if _RECORDING_PLAYLIST.fullmatch(path):
            return await _stored(stream_id, path, PLAYLIST_TYPE, max_age=60)
        if path == names.MULTIVARIANT:
            return await self._multivariant(await self._edge.follow(stream_id))
        if playlist := _MEDIA_PLAYLIST.fullmatch(path):
            return await _media_playlist(await self._edge.follow(stream_id), playlist["rendition"], query)
        if media := _MEDIA_OBJECT.fullmatch(path):
            return await self._object(stream_id, media["rendition"], media["name"])
        return NOT_FOUND

    async def _multivariant(self, followed: FollowedBroadcast) -> Answer:
        """Held while the broadcast starts: a player that is already waiting shows the first picture soonest."""
        deadline = asyncio.get_running_loop().time() + START_HOLD_SECONDS
        while followed.state is None or not followed.state.ready:
            if (followed.state and followed.state.ended) or not await followed.changed(STATE, deadline):
                return Answer(404, b"This broadcast has no picture yet.", headers=((b"retry-after", b"2"),))
        return Answer(200, followed.multivariant(), PLAYLIST_TYPE, max_age=2)

    async def _object(self, stream_id: str, rendition: str, name: str) -> Answer:
        """A file nginx found neither at the live edge nor in storage."""
        assert self._edge is not None  # noqa: S101  the lifespan started it
        followed = await self._edge.follow(stream_id)
        if followed.is_hinted(rendition, name):
            await _hinted(followed, rendition, name)
        body = await self._edge.fetch(stream_id, rendition, name)
        if body is None and name.count(".") == 1:
            body = await self._joined(followed, rendition, name)
        if body is not None:
            return Answer(200, body, b"video/mp4", max_age=31_536_000)
        return await _stored(stream_id, f"{rendition}/{name}", b"video/mp4", max_age=31_536_000)

    async def _joined(self, followed: FollowedBroadcast, rendition: str, name: str) -> bytes | None:
        """A segment that is not in storage yet, from its parts."""
        assert self._edge is not None  # noqa: S101  the lifespan started it
        window = followed.windows.get(rendition)
        for segment in window.segments if window else ():
            if segment.parts and names.segment_name(segment.epoch, segment.msn) == name:
                parts = [
                    await self._edge.fetch(
                        followed.stream_id, rendition, names.part_name(segment.epoch, segment.msn, index)
                    )
                    for index in range(len(segment.parts))
                ]
                if all(part is not None for part in parts):
                    return b"".join(part for part in parts if part is not None)
        return None


async def _media_playlist(followed: FollowedBroadcast, rendition: str, query: list[tuple[str, str]]) -> Answer:
    directives = parse_directives(query)
    if followed.state is None or rendition not in followed.windows:
        return NOT_FOUND
    target = followed.state.target_duration
    deadline = asyncio.get_running_loop().time() + HOLD_TARGET_DURATIONS * target
    while (decision := decide(followed.windows[rendition], directives)) is Decision.HOLD:
        if not await followed.changed(rendition, deadline):
            # RFC 8216bis §6.2.5.2; appendix B.1 gives the cache lifetimes.
            return Answer(503, b"The encoder has not sent this yet.", max_age=1, headers=((b"retry-after", b"1"),))
    if decision is Decision.REFUSE:
        return Answer(400, b"The requested segment or part is too far ahead.", max_age=1)
    blocked = directives.msn is not None
    return Answer(
        200,
        followed.playlist(rendition, skip=directives.skip),
        PLAYLIST_TYPE,
        max_age=HOLD_TARGET_DURATIONS * 2 * target if blocked else max(target // 2, 1),
    )


async def _hinted(followed: FollowedBroadcast, rendition: str, name: str) -> None:
    """Hold a request for the hinted part until it exists or can no longer come (§6.2.6)."""
    assert followed.state is not None  # noqa: S101  is_hinted() saw a window
    loop = asyncio.get_running_loop()
    deadline = loop.time() + HOLD_TARGET_DURATIONS * followed.state.target_duration
    while followed.is_hinted(rendition, name):
        if not await followed.changed(rendition, deadline):
            return


async def _stored(stream_id: str, path: str, content_type: bytes, *, max_age: int) -> Answer:
    try:
        body = await sync_to_async(_read_stored, thread_sensitive=False)(names.object_key(stream_id, path))
    except FileNotFoundError:
        return NOT_FOUND
    return Answer(200, body, content_type, max_age=max_age)


def _read_stored(key: str) -> bytes:
    with default_storage.open(key) as file:
        return bytes(file.read())


def _authorise(query: dict[str, str]) -> Answer:
    """nginx's auth_request before it looks for a media file."""
    allowed = _may_play(query.get("token", ""), query.get("stream_id", ""))
    return Answer(200, max_age=None) if allowed else FORBIDDEN


PLAIN_PAGES: dict[str, Callable[[dict[str, str]], Answer]] = {
    "/authorise": _authorise,
    "/healthz/live": lambda _: Answer(200, b"ok", max_age=None),
}


def _may_play(token: str, stream_id: str) -> bool:
    return playback_tokens.is_valid(
        key=settings.PLAYBACK_SIGNING_KEY, token=token, stream_id=stream_id, now=time.time()
    )


async def _or_gone(answer: Awaitable[Answer], receive: Receive) -> Answer | None:
    """The answer, or None when the client hangs up first: a held request must not outlive its client."""
    work = asyncio.ensure_future(answer)
    await asyncio.sleep(0)
    if work.done():
        return work.result()
    gone = asyncio.ensure_future(_disconnected(receive))
    try:
        await asyncio.wait({work, gone}, return_when=asyncio.FIRST_COMPLETED)
        return work.result() if work.done() else None
    finally:
        for task in (work, gone):
            task.cancel()
        await asyncio.gather(work, gone, return_exceptions=True)


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def create_application() -> Origin:
    """The origin over settings.LIVE_REDIS_URL and settings.LIVE_EDGE_DIR."""
    return Origin(lambda: LiveEdge(connect(), Path(settings.LIVE_EDGE_DIR)))
