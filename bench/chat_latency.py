"""Claim: a message is seen in another client within 100 ms (p99 of 500), and no later than in stock Channels.

    python -m bench.chat_latency [messages]

One client says, another measures say → seen. Both servers run at the same time and take turns, ten messages each, so
that whatever else the machine does hits both alike.
"""

import asyncio
import json
import sys
import time

from websockets.asyncio.client import ClientConnection, connect

from bench.chat_servers import Target, both_servers

TURN = 10  # messages before the other server's turn
PAUSE_SECONDS = 0.03  # about 30 messages a second: people, not a flood
BAR_MS = 100.0


class Pair:
    """A writer and a reader at one server."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self.latencies_ms: list[float] = []
        self._writer: ClientConnection
        self._reader: ClientConnection

    async def open(self) -> None:
        token = self.target.tokens[0]
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._writer = await connect(self.target.url, additional_headers=headers, compression=None, max_queue=None)
        self._reader = await connect(self.target.url, compression=None, max_queue=None)
        for socket in (self._writer, self._reader):
            await asyncio.wait_for(_wait_for(socket, "hello"), 5)

    async def measure(self, number: int) -> None:
        text = f"message {number} " + "x" * 100
        started = time.perf_counter()
        await self._writer.send(json.dumps({"type": "say", "text": text, "nonce": f"n{number}"}))
        try:
            seen = await asyncio.wait_for(_wait_for(self._reader, "message"), 10)
        except TimeoutError:
            raise RuntimeError(f"{self.target.name}: message {number} was not delivered within 10 s.") from None
        self.latencies_ms.append((time.perf_counter() - started) * 1000)
        if seen["text"] != text:
            raise RuntimeError(f"{self.target.name} delivered another message than the one sent.")
        while await self._drain():
            pass

    async def _drain(self) -> bool:
        """Read the writer's own copies and acks, so that nothing piles up."""
        try:
            await asyncio.wait_for(self._writer.recv(), PAUSE_SECONDS)
        except TimeoutError:
            return False
        return True

    def percentile(self, share: float) -> float:
        ordered = sorted(self.latencies_ms)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


async def _wait_for(socket: ClientConnection, kind: str) -> dict[str, str]:
    while True:
        event: dict[str, str] = json.loads(await socket.recv())
        if event["type"] == kind:
            return event


async def run(targets: tuple[Target, Target], messages: int) -> list[Pair]:
    pairs = [Pair(target) for target in targets]
    for pair in pairs:
        await pair.open()
    for start in range(0, messages, TURN):
        for pair in pairs:
            for number in range(start, min(start + TURN, messages)):
                await pair.measure(number)
    return pairs


def main() -> int:
    messages = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    with both_servers(writers=1) as targets:
        ours, stock = asyncio.run(run(targets, messages))
    print(f"say → seen by the other, {messages} messages each, ms")
    print(f"{'':8}{'p50':>8}{'p95':>8}{'p99':>8}{'max':>8}")
    for pair in (ours, stock):
        row = [pair.percentile(share) for share in (0.5, 0.95, 0.99, 1.0)]
        print(f"{pair.target.name:8}" + "".join(f"{value:8.2f}" for value in row))
    ratios = [stock.percentile(share) / ours.percentile(share) for share in (0.5, 0.95, 0.99, 1.0)]
    print(f"{'ratio':8}" + "".join(f"{ratio:7.1f}x" for ratio in ratios))
    passed = ours.percentile(0.99) <= BAR_MS
    print(f"p99 ≤ {BAR_MS:.0f} ms: {'yes' if passed else 'NO'}")
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
