"""Claim: one core takes at least 1,000 signed-in connections a second, at 40 KB each.

    python -m bench.chat_connects [connections] [at once]

Everyone has a session of his own and connects once: what a reconnect storm is. The rival is the same server with plain
Channels: AuthMiddlewareStack, a consumer that asks whether its user may speak, group_add. The servers are alone on core
0, one after the other; the generator, PostgreSQL and Redis have the others.
"""

import asyncio
import base64
import os
import sys
import time
from dataclasses import dataclass
from functools import partial
from urllib.parse import urlsplit

import uvloop

from bench.chat_servers import Target, cpu_seconds, resident_bytes
from bench.processes import pin
from bench.report import Line, report
from bench.session_servers import session_servers

SERVER_CORE = 0
BAR_PER_SECOND = 1_000
BAR_KB = 40
WARM_UP = 50  # connections before it counts: connections to the database, code that runs for the first time


@dataclass(frozen=True)
class Result:
    """Connections a second of the clock and of the server's processor, and the memory of each."""

    by_clock: float
    by_core: float
    kilobytes: float


class Visitor(asyncio.Protocol):
    """Connects and waits until he is greeted."""

    def __init__(self, request: bytes) -> None:
        self._request = request
        self.greeted: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]  # TCP gives a Transport
        self.transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        if not self.greeted.done() and b'"hello"' in data:
            self.greeted.set_result(b'"login":"visitor' in data)

    def connection_lost(self, error: Exception | None) -> None:
        if not self.greeted.done():
            self.greeted.set_exception(ConnectionError("closed before it said hello"))


async def connect_all(target: Target, sessions: list[str], at_once: int) -> list[Visitor]:
    """Everyone, `at_once` of them on their way in at any time."""
    url = urlsplit(target.url)
    waiting, visitors = iter(sessions), []

    async def go_in() -> None:
        loop = asyncio.get_running_loop()
        for session in waiting:
            request = _request(url.netloc, url.path, session)
            _, visitor = await loop.create_connection(partial(Visitor, request), url.hostname or "", url.port or 80)
            visitors.append(visitor)
            if not await asyncio.wait_for(visitor.greeted, 60):
                raise RuntimeError(f"{target.name} did not know who came.")

    await asyncio.gather(*(go_in() for _ in range(at_once)))
    return visitors


def _request(host: str, path: str, session: str) -> bytes:
    lines = [
        f"GET {path} HTTP/1.1",
        f"Host: {host}",
        f"Origin: http://{host}",
        f"Cookie: sessionid={session}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}",
        "Sec-WebSocket-Version: 13",
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


async def measure(target: Target, sessions: list[str], at_once: int) -> Result:
    first = await connect_all(target, sessions[:WARM_UP], at_once)
    sessions = sessions[WARM_UP:]
    memory, cpu, clock = resident_bytes(target.pid), cpu_seconds(target.pid), time.perf_counter()
    visitors = await connect_all(target, sessions, at_once)
    took, worked = time.perf_counter() - clock, cpu_seconds(target.pid) - cpu
    grown = resident_bytes(target.pid) - memory
    for visitor in (*first, *visitors):
        visitor.transport.abort()
    return Result(len(sessions) / took, len(sessions) / worked, grown / len(sessions) / 1024)


def by_clock(result: Result) -> str:
    return f"{result.by_clock:,.0f}/s by the clock"


def main() -> int:
    connections = int(sys.argv[1]) if len(sys.argv) > 1 else 3_000
    at_once = int(sys.argv[2]) if len(sys.argv) > 2 else 200
    with session_servers(connections + WARM_UP) as (targets, sessions):
        pin(SERVER_CORE, *(target.pid for target in targets))
        others = set(range(os.cpu_count() or 1)) - {SERVER_CORE}
        os.sched_setaffinity(0, others or {SERVER_CORE})
        results = {}
        for target in targets:
            results[target.name] = uvloop.run(measure(target, sessions, at_once))
    ours, stock = results["ours"], results["stock"]
    lines = [
        Line("ours: connects", ours.by_core, "/s/core", float(BAR_PER_SECOND), at_least=True, note=by_clock(ours)),
        Line("stock: connects", stock.by_core, "/s/core", note=by_clock(stock)),
        Line("ours : stock, connects", ours.by_core / stock.by_core, "×"),
        Line("ours: memory of a connection", ours.kilobytes, "KB", float(BAR_KB)),
        Line("stock: memory of a connection", stock.kilobytes, "KB"),
    ]
    return report(f"{connections:,} people with a session each, {at_once} on their way in at any time", lines)


if __name__ == "__main__":
    sys.exit(main())
