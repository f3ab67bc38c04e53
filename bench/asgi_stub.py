"""The rival of the origin's own server: the least an ASGI application can do for held playlists, on uvicorn.

No tokens, no windows, no Redis: every third of a second a fixed text, with the next number in it, goes to all who wait.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qsl

TICK_SECONDS = 1 / 3
PARTS_PER_SEGMENT = 6
FILLER = b"#EXTM3U\n" + b"#" * 600 + b"\n"  # as long as a live playlist is when it is compressed

Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class Ticker:
    """What there is, and a future for what comes next."""

    def __init__(self) -> None:
        self.parts = PARTS_PER_SEGMENT
        self.times: dict[int, float] = {}
        self.next: asyncio.Future[None] | None = None
        self.task: asyncio.Task[None] | None = None

    async def run(self) -> None:
        while True:
            self.next = asyncio.get_running_loop().create_future()
            await asyncio.sleep(TICK_SECONDS)
            self.parts += 1
            self.times[self.parts - 1] = time.monotonic()
            self.next.set_result(None)

    def body(self) -> bytes:
        msn, part = divmod(self.parts, PARTS_PER_SEGMENT)
        return FILLER + b'#EXT-X-PRELOAD-HINT:TYPE=PART,URI="1-%d.%d.m4s"\n' % (msn, part)


TICKER = Ticker()


async def application(scope: MutableMapping[str, Any], receive: Any, send: Send) -> None:
    if scope["type"] != "http":
        return
    if TICKER.task is None:
        TICKER.task = asyncio.create_task(TICKER.run())
        await asyncio.sleep(0)
    if scope["path"] == "/times":
        body = "\n".join(f"{number} {at:.6f}" for number, at in TICKER.times.items()).encode()
    else:
        query = dict(parse_qsl(scope["query_string"].decode()))
        wanted = int(query.get("_HLS_msn", 0)) * PARTS_PER_SEGMENT + int(query.get("_HLS_part", 0))
        while wanted >= TICKER.parts and TICKER.next is not None:
            await asyncio.shield(TICKER.next)
        body = TICKER.body()
    headers = [(b"content-type", b"application/vnd.apple.mpegurl"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
