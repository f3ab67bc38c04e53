"""Claim: one gateway core delivers what a C program delivers that only sends, what Nchan does, and 30 times Channels.

    python -m bench.chat_fanout [--viewers 1000] [--seconds 4] [--rounds 3]

Each server in turn is alone on core 0; viewers, writers and Redis share the last one. It is offered rising rates: its
peak is the most deliveries a second it showed, its knee the most with p99 < 100 ms and nothing piled up. All send the
same number of bytes for a message. "Ours, one by one" is our gateway without coalescing, as the C program and Nchan
send. Those three take turns, and each one's knee is the middle one of its rounds: a machine that others share is not
equally fast for long.
"""

import argparse
import os
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial

import uvloop

from bench.c_programs import program
from bench.chat_crowd import FRAME_HEAD_BYTES, Crowd, Step, measure
from bench.chat_servers import Target, nchan_server, our_server, reference_server, stock_server
from bench.processes import pin
from bench.report import Line, report

SERVER_CORE, LOAD_CORE = 0, (os.cpu_count() or 1) - 1
WRITERS = 8  # each may send 50 frames a second
RATES = (25, 50, 100, 125, 150, 175, 200, 250, 300)  # messages a second in a room of a thousand
STOCK_RATES = (1, 2, 5, 10)
SMALLEST = 100  # bytes of a message before it is known how many ours has

Server = Callable[[], AbstractContextManager[Target]]


def measure_server(server: Server, rates: tuple[float, ...], options: argparse.Namespace, size: int) -> list[Step]:
    """All steps of one server, printed as they are."""
    with server() as target:
        pin(SERVER_CORE, target.pid)
        with Crowd(target, options.viewers) as crowd:
            pin(SERVER_CORE, target.pid)  # threads that came since
            work = measure(target, crowd, viewers=options.viewers, rates=rates, seconds=options.seconds, size=size)
            steps = uvloop.run(work)
    print(f"\n{target.name}\n{'msg/s':>8}{'deliveries/s':>15}{'in time':>9}{'p50 ms':>9}{'p99 ms':>9}{'CPU µs':>9}")
    for step in steps:
        figures = f"{step.per_second:15,.0f}{step.share:9.0%}{step.count.p50:9.1f}{step.count.p99:9.1f}"
        print(f"{step.rate:8}{figures}{step.cpu_us:9.2f}", flush=True)
    return steps


def peak(steps: list[Step]) -> float:
    return max(step.per_second for step in steps)


def knee(steps: list[Step]) -> float:
    return max((step.per_second for step in steps if step.keeps_up), default=0.0)


def middle(rounds: list[list[Step]]) -> list[Step]:
    return sorted(rounds, key=knee)[len(rounds) // 2]


def knees(rounds: list[list[Step]]) -> str:
    return ", ".join(f"{knee(steps):,.0f}" for steps in rounds) + "/s"


def bytes_of_a_message(steps: list[Step]) -> int:
    count = steps[0].count
    return round(count.size / max(count.delivered, 1)) - FRAME_HEAD_BYTES


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench.chat_fanout")
    parser.add_argument("--viewers", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    os.sched_setaffinity(0, {LOAD_CORE})
    ours = measure_server(partial(our_server, writers=WRITERS), RATES, options, SMALLEST)
    size = bytes_of_a_message(ours)
    single = partial(our_server, writers=WRITERS, application="bench.uncoalesced_chat:application")
    reference = partial(reference_server, program("chat_reference"), writers=WRITERS)
    nchan = partial(nchan_server, writers=WRITERS)
    rounds: list[list[list[Step]]] = [[], [], []]
    for _ in range(options.rounds):
        for number, (server, bytes_said) in enumerate(((single, SMALLEST), (reference, size), (nchan, size))):
            rounds[number].append(measure_server(server, RATES[1:], options, bytes_said))
    one_by_one, bare, nchans = map(middle, rounds)
    stock = measure_server(partial(stock_server, writers=WRITERS), STOCK_RATES, options, size)
    table = [
        *(
            Line(f"{name}: peak", peak(steps), "/s", note=f"with p99 < 100 ms: {note}")
            for name, steps, note in (
                ("ours", ours, f"{knee(ours):,.0f}/s"),
                ("ours, one by one", one_by_one, knees(rounds[0])),
                ("C reference", bare, knees(rounds[1])),
                ("Nchan", nchans, knees(rounds[2])),
                ("stock Channels", stock, f"{knee(stock):,.0f}/s"),
            )
        ),
        Line("ours : stock Channels, peaks", peak(ours) / peak(stock), "×", 30.0, at_least=True),
        Line("ours : C, p99 < 100 ms", knee(ours) / knee(bare), "×", 0.7, at_least=True),
        Line("ours : Nchan, p99 < 100 ms", knee(ours) / knee(nchans), "×", 1.0, at_least=True),
        Line("ours one by one : C, p99 < 100 ms", knee(one_by_one) / knee(bare), "×", 0.7, at_least=True),
        Line("ours one by one : Nchan, p99 < 100 ms", knee(one_by_one) / knee(nchans), "×", 1.0, at_least=True),
    ]
    title = f"Deliveries a second, {options.viewers} viewers of one room, {size} bytes a message, one core"
    return report(title, table)


if __name__ == "__main__":
    sys.exit(main())
