"""A chat room's crowd for the benchmarks: viewers, who are one C program, and writers."""

import asyncio
import base64
import os
import subprocess
import time
from dataclasses import dataclass
from types import TracebackType
from typing import Self, TypeVar
from urllib.parse import urlsplit

from bench.c_programs import program
from bench.chat_servers import Target, cpu_seconds

FRAME_HEAD_BYTES = 4  # of a server's text frame of 126 bytes and more
SETTLE_SECONDS = 15.0


@dataclass(frozen=True)
class Count:
    """What all viewers together were delivered since `begin`. Ages in ms from send to read."""

    delivered: int
    size: int  # bytes
    p50: float
    p99: float
    max: float
    closed: int  # connections the server closed, since they were opened


class Crowd:
    """`viewers` connections that read, and `unread` that do not. Use as a context manager; all are in when entered."""

    def __init__(self, target: Target, viewers: int, *, unread: int = 0) -> None:
        parts = urlsplit(target.url)
        argv = [str(program("chat_load")), str(parts.port), parts.path, str(viewers), str(unread)]
        self._process: subprocess.Popen[str] = subprocess.Popen(
            argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )

    def __enter__(self) -> Self:
        if (said := self._listen()) != "ready":
            raise RuntimeError(f"the viewers could not join: {said}")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._process.kill()
        self._process.wait()

    def begin(self) -> None:
        """Forget what was counted."""
        self._ask("begin")

    def count(self) -> Count:
        words = self._ask("count").split()
        delivered, size, p50, p99, longest, closed = map(float, words)
        return Count(int(delivered), int(size), p50 / 1000, p99 / 1000, longest / 1000, int(closed))

    async def settle(self) -> None:
        """Wait until what was offered before has been delivered, or for SETTLE_SECONDS."""
        until = time.monotonic() + SETTLE_SECONDS
        before = -1
        while (now := self.count().delivered) != before and time.monotonic() < until:
            before = now
            await asyncio.sleep(0.5)

    def _ask(self, word: str) -> str:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{word}\n")
        self._process.stdin.flush()
        return self._listen()

    def _listen(self) -> str:
        assert self._process.stdout is not None
        return str(self._process.stdout.readline()).strip()


class Writer(asyncio.Protocol):
    """One who speaks, and reads nothing of what he gets."""

    def __init__(self, request: bytes) -> None:
        self._request = request
        self.joined: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]  # TCP gives a Transport
        self.transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        if not self.joined.done() and b"\r\n\r\n" in data:
            self.joined.set_result(None)


SomeWriter = TypeVar("SomeWriter", bound=Writer)


async def join(target: Target, token: str | None, kind: type[SomeWriter]) -> SomeWriter:
    parts = urlsplit(target.writers_url or target.url)
    lines = [
        f"GET {parts.path} HTTP/1.1",
        f"Host: {parts.netloc}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}",
        "Sec-WebSocket-Version: 13",
        *([f"Authorization: Bearer {token}"] if token else []),
    ]
    request = ("\r\n".join(lines) + "\r\n\r\n").encode()
    loop = asyncio.get_running_loop()
    _, writer = await loop.create_connection(lambda: kind(request), parts.hostname or "", parts.port or 80)
    await asyncio.wait_for(writer.joined, 30)
    return writer


async def offer(writers: list[Writer], *, rate: float, seconds: float, size: int) -> None:
    """Messages at this rate, evenly, by the writers in turn; each about `size` bytes."""
    start = time.perf_counter()
    for number in range(int(rate * seconds)):
        if (delay := start + number / rate - time.perf_counter()) > 0:
            await asyncio.sleep(delay)
        writers[number % len(writers)].transport.write(say_frame(size))
    await asyncio.sleep(max(0.0, start + seconds - time.perf_counter()))


def say_frame(size: int) -> bytes:
    """A text frame with the time in it, whose payload has this length or the least it can."""
    payload = f'{{"type":"say","text":"sent@{int(time.time() * 1e6):016d} "}}'.encode()
    payload = payload[:-2] + b"x" * (size - len(payload)) + payload[-2:]
    return text_frame(payload)


def text_frame(payload: bytes) -> bytes:
    """As a client sends it; the mask is zero, so the payload stands as it is."""
    length = bytes((0x80 | len(payload),)) if len(payload) < 126 else bytes((0xFE,)) + len(payload).to_bytes(2, "big")
    return b"\x81" + length + bytes(4) + payload


@dataclass(frozen=True)
class Step:
    """What a server did at one rate. Deliveries a second, CPU in µs for each."""

    rate: float
    per_second: float
    share: float  # of what was offered, within the time it was offered in
    count: Count
    cpu_us: float

    @property
    def cpu_share(self) -> float:
        """Of one core, while it lasted."""
        return self.per_second * self.cpu_us / 1e6

    @property
    def keeps_up(self) -> bool:
        """Below 100 ms and nothing piled up."""
        return self.share >= 0.97 and self.count.p99 < 100


async def measure(
    target: Target, crowd: Crowd, *, viewers: int, rates: tuple[float, ...], seconds: float, size: int
) -> list[Step]:
    """One step after another. `size`: bytes of what the writers say, the frame's head excluded."""
    writers = [await join(target, token, Writer) for token in target.tokens]
    steps = []
    for rate in rates:
        await crowd.settle()
        crowd.begin()
        cpu, began = cpu_seconds(target.pid), time.perf_counter()
        await offer(writers, rate=rate, seconds=seconds, size=size)
        count, took = crowd.count(), time.perf_counter() - began
        spent = cpu_seconds(target.pid) - cpu
        offered = int(rate * seconds) * viewers
        share = count.delivered / offered
        steps.append(Step(rate, count.delivered / took, share, count, spent * 1e6 / max(count.delivered, 1)))
    for writer in writers:
        writer.transport.abort()
    return steps
