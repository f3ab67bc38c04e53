"""A broadcast beside a real origin, for tests of what that answers: fixtures and helpers."""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import httpx
import pytest
from django.conf import settings
from redis import asyncio as aioredis

from tests.transcode.live_services import OriginProcess, PrivateRedis, live_services
from tests.transcode.test_packager import Show
from transcode.hls.multivariant import Rendition
from transcode.live_state import LiveState
from transcode.live_store import LiveStore
from transcode.playback_tokens import Scope, sign

AT_ONCE = 0.5  # seconds; a hold lasts six, and this machine may be busy
RENDITIONS = [
    Rendition("source", "avc1.64001f", 3_000_000, 2_500_000, 1280, 720, 25.0),
    Rendition("360p", "avc1.42c01e", 1_000_000, 800_000, 640, 360, 25.0),
    Rendition("audio", "mp4a.40.2", 160_000, 128_000, channels=2),
]


@pytest.fixture(scope="module")
def running() -> Iterator[tuple[PrivateRedis, OriginProcess]]:
    with live_services() as services:
        yield services


@pytest.fixture
def origin(running: tuple[PrivateRedis, OriginProcess]) -> OriginProcess:
    return running[1]


class LiveBroadcast:
    """A broadcast written as its supervisor writes it, and the viewer's addresses of it."""

    def __init__(self, redis: "aioredis.Redis", http: httpx.AsyncClient) -> None:
        self.stream_id = secrets.token_hex(12)
        self.store = LiveStore(redis, self.stream_id)
        self.http = http
        self.show = Show()
        self.state = LiveState(2, 0.35, RENDITIONS)
        self._frames = 0

    async def start(self, frames: int = 130) -> None:
        """130 frames: segments 0 and 1 are complete, 2 has parts 0, 1 and 2."""
        await self.store.put_state(self.state)
        await self.play(frames)
        self.state.ready = True
        await self.store.put_state(self.state)

    async def play(self, frames: int) -> None:
        self.show.play(self._frames, self._frames + frames)
        self._frames += frames
        made, self.show.made = self.show.made, []
        if made:
            await self.store.publish(made)

    async def end(self) -> None:
        self.show.finish()
        made, self.show.made = self.show.made, []
        for track in self.show.tracks.values():
            track.window.end()
            made.append(track.publication())
        await self.store.publish(made)
        self.state.ended = True
        await self.store.put_state(self.state)

    def path(self, path: str, *, token: str | None = None) -> str:
        scope = Scope.RECORDING if path.startswith("vod/") else Scope.LIVE
        return f"/media/{token or self.signed(scope)}/{self.stream_id}/{path}"

    def token(self, seconds: float) -> str:
        return self.signed(Scope.LIVE, seconds)

    def signed(self, scope: Scope, seconds: float = 60) -> str:
        expires_at = round(time.time() + seconds)
        return sign(key=settings.PLAYBACK_SIGNING_KEY, stream_id=self.stream_id, expires_at=expires_at, scope=scope)

    async def get(self, path: str) -> httpx.Response:
        return await self.http.get(self.path(path))

    async def held(self, path: str) -> "asyncio.Task[httpx.Response]":
        """A request that is held: it must not be answered within 0.2 seconds."""
        task = asyncio.create_task(self.get(path))
        await asyncio.wait({task}, timeout=0.2)
        assert not task.done(), task.result().text
        return task


@pytest.fixture
async def http(origin: OriginProcess) -> AsyncIterator[httpx.AsyncClient]:
    limits = httpx.Limits(max_connections=500)
    async with httpx.AsyncClient(base_url=origin.url, timeout=15, limits=limits) as client:
        yield client


@pytest.fixture
async def broadcast(
    running: tuple[PrivateRedis, OriginProcess], http: httpx.AsyncClient
) -> AsyncIterator[LiveBroadcast]:
    redis = aioredis.Redis.from_url(running[0].url)
    broadcast = LiveBroadcast(redis, http)
    await broadcast.start()
    yield broadcast
    await redis.aclose()


async def quickly(answer: Awaitable[httpx.Response], seconds: float = AT_ONCE) -> httpx.Response:
    began = time.monotonic()
    response = await answer
    assert time.monotonic() - began < seconds
    return response


async def eventually(holds: Callable[[], Awaitable[Any]], seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not await holds():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)
