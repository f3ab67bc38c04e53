"""What a relay saves: a room whose viewers are spread over several gateways, with and without one before them.

    python -m bench.chat_relay [--gateways 4] [--viewers 500] [--seconds 6]

`viewers` at each gateway, 20 messages a second; all gateways on core 0 one beside the other, the rest on the last core.
Redis pushes to each gateway by itself or to the relay once: the figures are what sizes on paper are made of.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import uvloop

from bench.chat_crowd import Crowd, Writer, join, offer
from bench.chat_servers import ROOT, Target, cpu_seconds, our_gateways
from bench.processes import pin
from bench.report import Line, report
from tests.chat.gateway_process import wait_until

SERVER_CORE, LOAD_CORE = 0, (os.cpu_count() or 1) - 1
RATE, WRITERS, MESSAGE_BYTES = 20, 8, 200


@dataclass(frozen=True)
class Cost:
    """CPU µs for each message, and the worst gateway's p99 in ms."""

    redis_us: float
    relay_us: float
    p99_ms: float
    share: float


@contextmanager
def relay(redis_url: str) -> Iterator[tuple[str, int]]:
    """A relay's address and process."""
    with tempfile.TemporaryDirectory(prefix="millrace-relay-") as directory:
        path = Path(directory) / "relay.sock"
        argv = [sys.executable, "manage.py", "relay_chat", "--socket", str(path)]
        with subprocess.Popen(argv, cwd=ROOT, env=os.environ | {"MILLRACE_REDIS_URL": redis_url}) as process:
            try:
                wait_until(path.exists, "the relay to listen")
                pin(LOAD_CORE, process.pid)
                yield f"unix://{path}", process.pid
            finally:
                process.terminate()


async def say(target: Target, seconds: float) -> None:
    writers = [await join(target, token, Writer) for token in target.tokens]
    await offer(writers, rate=RATE, seconds=seconds, size=MESSAGE_BYTES)
    for writer in writers:
        writer.transport.abort()


def measure(options: argparse.Namespace, *, relayed: bool) -> Cost:
    with ExitStack() as stack:
        room = stack.enter_context(our_gateways(options.gateways, writers=WRITERS, before=relay if relayed else None))
        pin(SERVER_CORE, *(one.pid for one in room.gateways))
        crowds = [stack.enter_context(Crowd(one, options.viewers)) for one in room.gateways]
        uvloop.run(say(room.gateways[0], 1.0))
        for crowd in crowds:
            crowd.begin()
        before = [cpu_seconds(pid) for pid in (room.redis_pid, room.relay_pid)]
        uvloop.run(say(room.gateways[0], options.seconds))
        time.sleep(0.5)
        redis, passed = [
            (cpu_seconds(pid) - was) * 1e6 / (RATE * options.seconds)
            for pid, was in zip((room.redis_pid, room.relay_pid), before, strict=True)
        ]
        counts = [crowd.count() for crowd in crowds]
    expected = RATE * options.seconds * options.viewers * len(counts)
    return Cost(redis, passed, max(one.p99 for one in counts), sum(one.delivered for one in counts) / expected)


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench.chat_relay")
    parser.add_argument("--gateways", type=int, default=4)
    parser.add_argument("--viewers", type=int, default=500)
    parser.add_argument("--seconds", type=float, default=6.0)
    options = parser.parse_args()
    os.sched_setaffinity(0, {LOAD_CORE})
    direct, relayed = measure(options, relayed=False), measure(options, relayed=True)
    table = [
        Line("Redis, without a relay", direct.redis_us, "µs a message"),
        Line("Redis, with one", relayed.redis_us, "µs a message"),
        Line("the relay", relayed.relay_us, "µs a message"),
        Line("p99 without", direct.p99_ms, "ms", note=f"{direct.share:.0%} delivered"),
        Line("p99 with", relayed.p99_ms, "ms", note=f"{relayed.share:.0%} delivered"),
    ]
    title = f"{options.gateways} gateways with {options.viewers} viewers each, {RATE} messages a second"
    return report(title, table)


if __name__ == "__main__":
    sys.exit(main())
