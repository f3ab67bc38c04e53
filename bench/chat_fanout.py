"""Claim: one gateway core delivers at least 30 times what stock Channels does (1,000 viewers, peak against peak).

    python -m bench.chat_fanout [viewers] [seconds]

The server is alone on core 0; generator and Redis share the others. Each server is offered rising rates; its peak is
the most deliveries a second it showed, its knee the highest rate with p99 < 100 ms and nothing lost.
"""

import asyncio
import base64
import os
import sys
import time
from urllib.parse import urlsplit

import uvloop

from bench.chat_servers import Target, both_servers, pin

SERVER_CORE = 0
MARK = b'"type":"message"'
STAMP = b"sent@"
STAMP_DIGITS = 16
SAMPLED = 50  # every so many-th viewer's messages are timed
WRITERS = 8  # each may send 50 frames a second
RATES = {"ours": (10, 50, 100, 200, 300), "stock": (1, 2, 5, 10)}
CONNECTS_AT_ONCE = 50
FILLER = "x" * 60


class Viewer(asyncio.Protocol):
    """Counts messages without parsing them; some viewers time them too."""

    def __init__(self, request: bytes, tally: "Tally", timed: bool) -> None:
        self._request, self._tally, self._timed = request, tally, timed
        self.joined: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]  # TCP gives a Transport
        self.transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        if not self.joined.done():
            if b'"hello"' in data:
                self.joined.set_result(None)
            return
        self._tally.delivered += data.count(MARK) or data.count(b'"type": "message"')
        if self._timed:
            self._time(data)

    def _time(self, data: bytes) -> None:
        now = time.time()
        start = data.find(STAMP)
        while start >= 0:
            text = data[start + len(STAMP) : start + len(STAMP) + STAMP_DIGITS]
            if len(text) == STAMP_DIGITS:
                self._tally.latencies_ms.append((now - int(text) / 1e6) * 1000)
            start = data.find(STAMP, start + 1)


class Tally:
    def __init__(self) -> None:
        self.delivered = 0
        self.latencies_ms: list[float] = []

    def p99(self) -> float:
        ordered = sorted(self.latencies_ms)
        return ordered[int(len(ordered) * 0.99)] if ordered else float("inf")


async def connect(target: Target, tally: Tally, *, token: str | None = None, timed: bool = False) -> Viewer:
    parts = urlsplit(target.url)
    host, port = parts.hostname or "", parts.port or 80
    key = base64.b64encode(os.urandom(16)).decode()
    lines = [
        f"GET {parts.path} HTTP/1.1",
        f"Host: {parts.netloc}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Key: {key}",
        "Sec-WebSocket-Version: 13",
        *([f"Authorization: Bearer {token}"] if token else []),
    ]
    request = ("\r\n".join(lines) + "\r\n\r\n").encode()
    loop = asyncio.get_running_loop()
    _, viewer = await loop.create_connection(lambda: Viewer(request, tally, timed), host, port)
    await asyncio.wait_for(viewer.joined, 30)
    return viewer


async def measure(target: Target, viewers: int, seconds: float) -> list[tuple[int, float, float, float]]:
    """For each offered rate: rate, deliveries a second, share delivered in time, p99 in ms."""
    tally = Tally()
    audience = []
    for start in range(0, viewers, CONNECTS_AT_ONCE):
        batch = range(start, min(start + CONNECTS_AT_ONCE, viewers))
        audience += await asyncio.gather(*(connect(target, tally, timed=n % SAMPLED == 0) for n in batch))
    unread = Tally()
    writers = [await connect(target, unread, token=token) for token in target.tokens]
    results = []
    for rate in RATES[target.name]:
        await _settle(tally)
        tally.delivered, tally.latencies_ms = 0, []
        started = time.perf_counter()
        await _offer(writers, rate, seconds)
        took = time.perf_counter() - started
        expected = rate * seconds * viewers
        results.append((rate, tally.delivered / took, tally.delivered / expected, tally.p99()))
    for viewer in (*audience, *writers):
        viewer.transport.abort()
    return results


async def _settle(tally: Tally) -> None:
    """Wait until what was offered before has been delivered, or at most 15 s."""
    for _ in range(30):
        before = tally.delivered
        await asyncio.sleep(0.5)
        if tally.delivered == before:
            return


async def _offer(writers: list[Viewer], rate: int, seconds: float) -> None:
    start = time.perf_counter()
    for number in range(int(rate * seconds)):
        due = start + number / rate
        delay = due - time.perf_counter()
        if delay > 0:
            await asyncio.sleep(delay)
        writers[number % len(writers)].transport.write(_say_frame())
    await asyncio.sleep(max(0.0, start + seconds - time.perf_counter()))


def _say_frame() -> bytes:
    """A masked text frame; the mask is zero, so the payload stands as it is."""
    stamp = f"{int(time.time() * 1e6):016d}"
    payload = f'{{"type":"say","text":"sent@{stamp} {FILLER}"}}'.encode()
    length = bytes((0x80 | len(payload),)) if len(payload) < 126 else bytes((0xFE,)) + len(payload).to_bytes(2, "big")
    return b"\x81" + length + bytes(4) + payload


def report(target: Target, results: list[tuple[int, float, float, float]]) -> tuple[float, float]:
    print(f"\n{target.name}\n{'msg/s':>8}{'deliveries/s':>15}{'delivered':>11}{'p99 ms':>10}")
    for rate, per_second, share, p99 in results:
        print(f"{rate:8}{per_second:15,.0f}{share:11.0%}{p99:10.1f}")
    peak = max(per_second for _, per_second, _, _ in results)
    knee = max((per_second for _, per_second, share, p99 in results if share >= 0.97 and p99 < 100), default=0.0)
    return peak, knee


def main() -> int:
    viewers = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 4.0
    print(f"{viewers} viewers of one room, server alone on one core, {seconds:.0f} s a step")
    summary = {}
    with both_servers(writers=WRITERS, core=SERVER_CORE) as targets:
        others = set(range(os.cpu_count() or 1)) - {SERVER_CORE}
        if others:
            os.sched_setaffinity(0, others)
        for target in targets:
            pin(SERVER_CORE, target.pid)  # threads that came since
            summary[target.name] = report(target, uvloop.run(measure(target, viewers, seconds)))
    (our_peak, our_knee), (stock_peak, stock_knee) = summary["ours"], summary["stock"]
    print(f"\npeak: ours {our_peak:,.0f}/s, stock {stock_peak:,.0f}/s: {our_peak / stock_peak:.0f}x (bar: 30x)")
    print(f"p99 < 100 ms up to: ours {our_knee:,.0f}/s, stock {stock_knee:,.0f}/s")
    return 0 if our_peak >= 30 * stock_peak else 1


if __name__ == "__main__":
    sys.exit(main())
