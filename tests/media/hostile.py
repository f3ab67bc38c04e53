"""Attacks a running stack from its RTMP port while a control stream is on air, and says what it did to them.

`python -m tests.media.hostile [--seed N] [--rounds N]` starts a stack of its own; the same seed makes the same bytes.
"""

import argparse
import contextlib
import random
import secrets
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.broadcasts import wait_for_state
from bench.processes import Process, still_running
from bench.recordings import check_recording
from bench.show import Show
from bench.stack import Person, Stack
from tests.media.counter_clip import Clip
from tests.media.hostile_messages import ATTACKS, Attack
from tests.media.hostile_proxy import MISHAPS, HostileProxy
from tests.media.publisher import Publisher, clip_tags
from tests.media.rtmp_client import Refused, RtmpConnection

TINY = Clip(width=160, height=90, seconds=20, kbps=150, first=50_000)
CONTROL = Clip(width=320, height=180, seconds=60, kbps=300, first=1)
PROGRAMS = ("nginx:", "celery", "config.asgi", "uvicorn", "daphne", "redis-server")  # must be the same ones afterwards
GROWTH_LIMIT_KB = 400_000  # of one process: the ingest server's stack after the deepest AMF, and no leak beside it
WELL_SECONDS = 0.6  # a good stream before each attack, and the time to see what comes of it
MISHAP_SECONDS = 2.5
SETTLE_SECONDS = 15
SPARED_BYTES = (0, 3_100, 8_000, 60_000)  # handshake, commands, headers, and all of that whole


Deed = Callable[[Person], None]


@dataclass
class Damage:
    """What an attack did: `died` processes, `grown` ones, and what the control stream or the slots say."""

    seed: int
    attacks: int = 0
    found: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        result = "; ".join(self.found) or "no damage"
        return f"seed {self.seed}, {self.attacks} attacks: {result}"


def attack(stack: Stack, streamers: Sequence[Person], *, seed: int, rounds: int = 1) -> Damage:
    """Every attack and every mishap from as many encoders at once as there are streamers."""
    before = _lasting(stack)
    sizes = {process.pid: _kilobytes(process) for process in before}
    deeds = [
        deed
        for turn in range(rounds)
        for deed in (
            *(_deed_of_attack(stack, one, random.Random(f"{seed}/{turn}/{one.name}")) for one in ATTACKS),
            *(_deed_of_mishap(stack, name, random.Random(f"{seed}/{turn}/{name}")) for name in MISHAPS),
        )
    ]
    _share_out(deeds, streamers)
    damage = Damage(seed, len(deeds))
    alive = still_running(before)
    damage.found += [f"died: {process}" for process in before if process not in alive]
    for process in alive:
        if (grown := _kilobytes(process) - sizes[process.pid]) > GROWTH_LIMIT_KB:
            damage.found.append(f"grew by {grown} kB: {process}")
    return damage


def check_slots(stack: Stack, streamers: Sequence[Person]) -> None:
    """Each of them can go on air again with a good stream. Raises NotReached."""
    with contextlib.ExitStack() as open_now:
        for streamer in streamers:
            open_now.enter_context(_publish(stack.rtmp_port, streamer))
        for streamer in streamers:
            wait_for_state(stack, streamer, "live", seconds=SETTLE_SECONDS)


def _share_out(deeds: list[Deed], streamers: Sequence[Person]) -> None:
    def work(streamer: Person, mine: list[Deed]) -> None:
        for deed in mine:
            deed(streamer)

    share = len(streamers)
    threads = [
        threading.Thread(target=work, args=(streamer, deeds[number::share]))
        for number, streamer in enumerate(streamers)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _deed_of_attack(stack: Stack, one: Attack, rng: random.Random) -> Deed:
    source = _address(rng)

    def as_stranger(_: Person) -> None:
        connection = RtmpConnection(host="127.0.0.1", port=stack.rtmp_port, source=source)
        try:
            connection.shake_hands()
            connection.send_bytes(one.make(rng))
            _wait_for_the_end(connection)
        except (OSError, Refused):
            pass  # thrown out: as it should be
        finally:
            connection.close()

    def as_streamer(streamer: Person) -> None:
        with _publish(stack.rtmp_port, streamer, source) as publisher:
            publisher.wait_until_dropped(WELL_SECONDS)
            publisher.send_garbage(one.make(rng))
            publisher.wait_until_dropped(WELL_SECONDS)

    return as_streamer if one.needs_key else as_stranger


def _deed_of_mishap(stack: Stack, name: str, rng: random.Random) -> Deed:
    source, spared = _address(rng), rng.choice(SPARED_BYTES)

    def send(streamer: Person) -> None:
        with HostileProxy(
            to_port=stack.rtmp_port, mishap=MISHAPS[name], rng=rng, spared=spared, source=source
        ) as proxy:
            publisher = Publisher(port=proxy.port, key=streamer.stream_key, tags=clip_tags(TINY))
            with contextlib.suppress(Refused), publisher:  # the ingest server may not even understand who comes
                publisher.wait_until_dropped(MISHAP_SECONDS)

    return send


def _address(rng: random.Random) -> str:
    """A network of its own: what one attacker gets wrong must not lock the next one out."""
    return f"127.{rng.randrange(1, 255)}.{rng.randrange(255)}.1"


def _publish(port: int, streamer: Person, source: str = "") -> Publisher:
    """On air; until the ingest server has noticed the end of the attack before, it lets nobody in."""
    deadline = time.monotonic() + SETTLE_SECONDS
    while True:
        try:
            return Publisher(port=port, key=streamer.stream_key, tags=clip_tags(TINY), source=source).start()
        except Refused:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.3)


def _wait_for_the_end(connection: RtmpConnection) -> None:
    """Read what the server answers until it closes or says nothing more."""
    connection.socket.settimeout(WELL_SECONDS)
    deadline = time.monotonic() + WELL_SECONDS
    while time.monotonic() < deadline and connection.socket.recv(65_536):
        pass


def _lasting(stack: Stack) -> list[Process]:
    return [process for process in stack.processes() if any(word in process.command for word in PROGRAMS)]


def _kilobytes(process: Process) -> int:
    """Resident memory."""
    try:
        status = Path(f"/proc/{process.pid}/status").read_text()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS:")), 0)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(1_000_000))
    parser.add_argument("--rounds", type=int, default=1)
    arguments = parser.parse_args()
    for clip in (TINY, CONTROL):
        clip_tags(clip)
    with Stack(TRANSCODED_RUNGS=1) as stack:
        alice, *others = stack.create_users(["alice", "bob", "charlie", "dave"], streamer=True)
        with Show(stack, alice, clip=CONTROL, loop=True) as control:
            damage = attack(stack, others, seed=arguments.seed, rounds=arguments.rounds)
            check_slots(stack, others)
            control.finish()
        recorded = check_recording(control)
    sys.stdout.write(f"{damage}; {len(recorded.numbers)} pictures of the control stream without a gap\n")
    return 1 if damage.found else 0


if __name__ == "__main__":
    sys.exit(main())
