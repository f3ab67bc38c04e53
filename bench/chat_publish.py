"""Claim: one gateway core checks and publishes at least 5,000 messages a second (rules, Redis script, acknowledgement).

    python -m bench.chat_publish [--seconds 4]

200 writers in 50 rooms, so that no limit of a person or a room is met, with a nonce each as browsers send it. The
gateway is alone on core 0, writers and Redis share the last one. A rate is kept while everything is acknowledged and
p99 < 250 ms. Beside it: the same Redis client in a bare loop, one INCR and PUBLISH a message and no rules at all.
"""

import argparse
import asyncio
import os
import sys
import time
from dataclasses import dataclass

import uvloop

from bench.chat_crowd import Writer, join, text_frame
from bench.chat_servers import Target, cpu_seconds, our_rooms
from bench.processes import pin
from bench.report import Line, report
from chat.redis_connections import new_client

SERVER_CORE, LOAD_CORE = 0, (os.cpu_count() or 1) - 1
ROOMS, WRITERS_OF_A_ROOM = 50, 4
RATES = (500, 1000, 2000, 3000, 4000, 5000, 5250, 5500, 6000, 7000)
BAR = 5_000.0
LATE_MS = 250.0
WARM_UP_RATE, WARM_UP_SECONDS = 200, 2.0
AT_ONCE = 50  # messages in flight of the bare loop
ACK, NONCE = b'"type":"ack"', b'"nonce":"'
FILLER = "the quick brown fox jumps over the lazy dog"


class Speaker(Writer):
    """Times each acknowledgement by the clock's microseconds in its nonce."""

    def __init__(self, request: bytes) -> None:
        super().__init__(request)
        self.ages_ms: list[float] = []
        self.refused = 0

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        now, at = time.time() * 1e6, data.find(ACK)
        while at >= 0:
            start = data.find(NONCE, at) + len(NONCE)
            self.ages_ms.append((now - int(data[start : data.index(b'"', start)])) / 1000)
            at = data.find(ACK, start)
        self.refused += data.count(b'"type":"refused"')


@dataclass(frozen=True)
class Step:
    """What came of one rate; CPU of the server for each message."""

    rate: int
    acked: float  # a second
    share: float
    p99_ms: float
    cpu_us: float
    refused: int  # a gateway lets no more be said than it can do for long

    @property
    def keeps_up(self) -> bool:
        return self.share >= 0.97 and self.p99_ms < LATE_MS and not self.refused


async def measure(targets: list[Target], seconds: float) -> list[Step]:
    speakers = [await join(target, token, Speaker) for target in targets for token in target.tokens]
    pid = targets[0].pid
    await offer(speakers, WARM_UP_RATE, WARM_UP_SECONDS)  # everybody's first message is looked up
    await asyncio.sleep(WARM_UP_SECONDS)
    steps = []
    for rate in RATES:
        for speaker in speakers:
            speaker.ages_ms.clear()
            speaker.refused = 0
        cpu, began = cpu_seconds(pid), time.perf_counter()
        await offer(speakers, rate, seconds)
        took, spent = time.perf_counter() - began, cpu_seconds(pid) - cpu
        ages = sorted(age for speaker in speakers for age in speaker.ages_ms)
        p99 = ages[int(len(ages) * 0.99)] if ages else float("inf")
        refused = sum(speaker.refused for speaker in speakers)
        cost = spent * 1e6 / max(len(ages), 1)
        steps.append(Step(rate, len(ages) / took, len(ages) / (rate * seconds), p99, cost, refused))
        if not steps[-1].keeps_up:
            break
    for speaker in speakers:
        speaker.transport.abort()
    return steps


async def offer(speakers: list[Speaker], rate: int, seconds: float) -> None:
    start = time.perf_counter()
    for number in range(int(rate * seconds)):
        if (delay := start + number / rate - time.perf_counter()) > 0.001:
            await asyncio.sleep(delay)
        nonce = int(time.time() * 1e6)
        text = f'{{"type":"say","text":"{FILLER} {number}","nonce":"{nonce}"}}'
        speakers[number % len(speakers)].transport.write(text_frame(text.encode()))
    await asyncio.sleep(max(0.0, start + seconds - time.perf_counter()))


async def bare_rate(seconds: float) -> float:
    """Messages a second of the client alone."""
    redis, until, sent = new_client(AT_ONCE), time.monotonic() + seconds, 0

    async def publish() -> None:
        nonlocal sent
        while time.monotonic() < until:
            pipe = redis.pipeline(transaction=False)
            pipe.incr("seq")
            pipe.publish("room", FILLER)
            await pipe.execute()
            sent += 1

    await asyncio.gather(*(publish() for _ in range(AT_ONCE)))
    await redis.aclose()
    return sent / seconds


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench.chat_publish")
    parser.add_argument("--seconds", type=float, default=4.0)
    seconds = parser.parse_args().seconds
    os.sched_setaffinity(0, {LOAD_CORE})
    with our_rooms(rooms=ROOMS, writers=WRITERS_OF_A_ROOM) as targets:
        pin(SERVER_CORE, targets[0].pid)
        steps = uvloop.run(measure(targets, seconds))
    os.sched_setaffinity(0, {SERVER_CORE})
    bare = uvloop.run(bare_rate(seconds))
    best = max((step.acked for step in steps if step.keeps_up), default=0.0)
    table = [
        *(
            Line(
                f"{step.rate} offered: acknowledged",
                step.acked,
                "/s",
                note=f"p99 {step.p99_ms:.0f} ms, {step.cpu_us:.0f} µs"
                + (f", {step.refused} refused" if step.refused else ""),
            )
            for step in steps
        ),
        Line("kept with p99 < 250 ms", best, "/s", BAR, at_least=True),
        Line("INCR and PUBLISH alone, same client and core", bare, "/s"),
        Line("ours : that", best / bare, "×"),
    ]
    return report(f"Messages of {ROOMS * WRITERS_OF_A_ROOM} writers in {ROOMS} rooms, one gateway core", table)


if __name__ == "__main__":
    sys.exit(main())
