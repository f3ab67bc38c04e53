"""Claims about large, hot and careless rooms, each on one gateway core:

* 10,000 viewers, 10 messages a second: p99 < 100 ms and at most 1.5 times that of a C program which only sends
* 5,000 viewers, 200 messages a second: at least 900,000 deliveries a second, p99 at most 120 ms
* a viewer who does not read is disconnected within 30 s at 300 messages a second, and the others' p99 stays as it was

    python -m bench.chat_rooms [--seconds 6] [--rounds 3]

A machine that others share is not equally fast for long: the large room takes turns with the C program, and of the
rounds the one counts whose p99 is the middle one.
"""

import argparse
import asyncio
import os
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial

import uvloop

from bench.c_programs import program
from bench.chat_crowd import FRAME_HEAD_BYTES, Count, Crowd, Step, Writer, join, measure, offer
from bench.chat_servers import Target, our_server, reference_server
from bench.processes import pin
from bench.report import Line, report

SERVER_CORE, LOAD_CORE = 0, (os.cpu_count() or 1) - 1
WRITERS = 8
LARGE, CALM = 10_000, 10
HOT_VIEWERS, HOT = 5_000, 200
SHOWN = 20  # messages a second of it, as a gateway is set by default
CARELESS_VIEWERS, CARELESS = 200, 300
UNREAD = 1
MESSAGE_BYTES = 100  # of what is said; with who and when it becomes 280, as in bench.chat_fanout
DROPPED_SECONDS = 30.0
WATCHED_SECONDS = 40

Server = Callable[[], AbstractContextManager[Target]]


def step(server: Server, *, viewers: int, rate: float, seconds: float, size: int) -> Step:
    """One room at one rate, after a calm second of it."""
    with server() as target:
        pin(SERVER_CORE, target.pid)
        with Crowd(target, viewers) as crowd:
            pin(SERVER_CORE, target.pid)
            work = measure(target, crowd, viewers=viewers, rates=(5.0, rate), seconds=seconds, size=size)
            return uvloop.run(work)[-1]


async def beside_careless(target: Target, crowd: Crowd) -> tuple[Count, float]:
    """What the readers of a busy room were delivered, and after how many seconds the server hung up on the others."""
    writers = [await join(target, token, Writer) for token in target.tokens]
    await crowd.settle()
    crowd.begin()
    began, dropped = time.monotonic(), float("inf")
    offering = asyncio.create_task(offer(writers, rate=CARELESS, seconds=WATCHED_SECONDS, size=MESSAGE_BYTES))
    while not offering.done():
        await asyncio.sleep(0.5)
        if dropped == float("inf") and crowd.count().closed:
            dropped = time.monotonic() - began
    count = crowd.count()
    for writer in writers:
        writer.transport.abort()
    return count, dropped


def careless(server: Server, unread: int) -> tuple[Count, float]:
    with server() as target:
        pin(SERVER_CORE, target.pid)
        with Crowd(target, CARELESS_VIEWERS, unread=unread) as crowd:
            return uvloop.run(beside_careless(target, crowd))


def middle(rounds: list[Step]) -> Step:
    return sorted(rounds, key=lambda one: one.count.p99)[len(rounds) // 2]


def spread(rounds: list[Step]) -> str:
    one = middle(rounds)
    p99s = ", ".join(f"{each.count.p99:.0f}" for each in rounds)
    return f"{p99s}; p50 {one.count.p50:.0f}, max {one.count.max:.0f} ms, {one.cpu_us:.1f} µs each"


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench.chat_rooms")
    parser.add_argument("--seconds", type=float, default=6.0)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    seconds = options.seconds
    os.sched_setaffinity(0, {LOAD_CORE})
    ours = partial(our_server, writers=WRITERS)
    reference = partial(reference_server, program("chat_reference"), writers=WRITERS)
    larges, bares, hots = [], [], []
    for _ in range(options.rounds):
        larges.append(step(ours, viewers=LARGE, rate=CALM, seconds=seconds, size=MESSAGE_BYTES))
        size = round(larges[-1].count.size / max(larges[-1].count.delivered, 1)) - FRAME_HEAD_BYTES
        bares.append(step(reference, viewers=LARGE, rate=CALM, seconds=seconds, size=size))
        hots.append(step(ours, viewers=HOT_VIEWERS, rate=HOT, seconds=seconds, size=MESSAGE_BYTES))
    large, bare, hot = middle(larges), middle(bares), middle(hots)
    sampling = partial(our_server, writers=WRITERS, environment={"MILLRACE_CHAT_SHOWN_PER_SECOND": str(SHOWN)})
    sampled = step(sampling, viewers=HOT_VIEWERS, rate=HOT, seconds=seconds, size=MESSAGE_BYTES)
    alone, _ = careless(ours, 0)
    beside, dropped = careless(ours, UNREAD)
    table = [
        Line(f"{LARGE:,} viewers × {CALM}/s: p99", large.count.p99, "ms", 100.0, note=spread(larges)),
        Line("C reference: p99", bare.count.p99, "ms", note=spread(bares)),
        Line("ours : C reference", large.count.p99 / bare.count.p99, "×", 1.5),
        Line(
            f"{HOT_VIEWERS:,} × {HOT}/s, coalesced: deliveries",
            hot.per_second,
            "/s",
            900_000.0,
            at_least=True,
            note=f"{hot.cpu_us:.2f} µs each, {hot.share:.0%} in time",
        ),
        Line(f"{HOT_VIEWERS:,} × {HOT}/s, coalesced: p99", hot.count.p99, "ms", 120.0, note=spread(hots)),
        Line(
            f"{HOT_VIEWERS:,} × {HOT}/s, {SHOWN}/s shown: processor, to all shown",
            sampled.cpu_share / hot.cpu_share,
            "×",
            note=f"{sampled.cpu_share:.0%} and {hot.cpu_share:.0%} of a core, {sampled.share:.0%} of messages shown",
        ),
        Line("a viewer who does not read: dropped after", dropped, bar=DROPPED_SECONDS),
        Line("the others' p99 beside him : without him", beside.p99 / alone.p99, "×", 1.2, note=f"{beside.p99:.1f} ms"),
    ]
    return report("Rooms of one gateway core", table)


if __name__ == "__main__":
    sys.exit(main())
