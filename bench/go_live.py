"""Claim: 100,000 followers are told within 10 s that a channel is live, and chat and pages do not notice.

    python -m bench.go_live [--followers 100000] [--rounds 5]

Several channels with the same followers start one after the other. Told means: in everyone's list, shown on the pages
that are open, and in the queue for every browser that is pushed to (one follower in ten has one; a push service on
loopback checks each signature and opens each message). A page and a room are asked all the while: before each start
for as long as after it. The rival is the loop one would write first, for a part of the followers of the same channel.
"""

import argparse
import asyncio
import json
import subprocess
import sys
import time
from dataclasses import dataclass, field
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect

from bench.push_sink import push_sink
from bench.report import Line, report
from bench.stack import ROOT, Person, Stack

BAR_SECONDS = 10.0
BAR_RATIO = 1.2  # of the 99th percentile during to that before
BAR_RIVAL = 10.0  # times
EVERY = 10  # one follower in so many is pushed to
NAIVE_FOLLOWERS = 2_000
WINDOW_SECONDS = 12.0  # before and after each start
PUSH_SECONDS = 180.0
PAUSE_SECONDS = 0.05


@dataclass
class Probe:
    """Milliseconds of pages and of chat, before starts and during what follows them."""

    pages: dict[str, list[float]] = field(default_factory=lambda: {"before": [], "during": []})
    chat: dict[str, list[float]] = field(default_factory=lambda: {"before": [], "during": []})

    async def run(self, stack: Stack, room: "Room", when: str, seconds: float) -> None:
        until = time.monotonic() + seconds
        await asyncio.gather(self._ask(stack, when, until), self._say(room, when, until))

    async def _ask(self, stack: Stack, when: str, until: float) -> None:
        async with httpx.AsyncClient(base_url=stack.url, timeout=20) as client:
            while time.monotonic() < until:
                for path in ("/", "/star0"):
                    began = time.perf_counter()
                    # As it comes: to unpack it here would be time in which nobody looks whether chat has come.
                    async with client.stream("GET", path) as response:
                        response.raise_for_status()
                        async for _ in response.aiter_raw():
                            pass
                    self.pages[when].append((time.perf_counter() - began) * 1000)
                    await asyncio.sleep(PAUSE_SECONDS)

    async def _say(self, room: "Room", when: str, until: float) -> None:
        while time.monotonic() < until:
            self.chat[when].append(await room.say())
            await asyncio.sleep(PAUSE_SECONDS)


class Room:
    """Someone who writes in a room, and someone who reads there."""

    def __init__(self, stack: Stack, star: Person, viewer: Person) -> None:
        self.url = f"ws://127.0.0.1:{stack.port}/api/v1/chat/{star.channel_id}"
        self.token, self.number = viewer.api_token, 0  # a broadcaster has a limit that no setting lifts
        self.writer: ClientConnection
        self.reader: ClientConnection

    async def open(self) -> None:
        headers = {"Authorization": f"Bearer {self.token}"}
        self.writer = await connect(self.url, additional_headers=headers, compression=None, max_queue=None)
        self.reader = await connect(self.url, compression=None, max_queue=None)
        await _wait_for(self.reader, "hello", "")

    async def say(self) -> float:
        """Milliseconds until it was read."""
        self.number += 1
        text, began = f"message {self.number}", time.perf_counter()
        await self.writer.send(json.dumps({"type": "say", "text": text, "nonce": str(self.number)}))
        await asyncio.wait_for(_wait_for(self.reader, "message", text), 20)
        return (time.perf_counter() - began) * 1000


async def _wait_for(socket: ClientConnection, kind: str, text: str) -> None:
    while True:
        event = json.loads(await socket.recv())
        if event["type"] == kind and event.get("text", "") == text:
            return


def world(stack: Stack, *words: object) -> dict[str, Any]:
    """What a command of `bench.go_live_world` answers, inside the stack."""
    # Nice: Django starts in it while pages and chat are timed, and only we ask for that.
    command = ["nice", "-n", "19", sys.executable, "-m", "bench.go_live_world", *map(str, words)]
    environment = stack.environment | {"DJANGO_SETTINGS_MODULE": "config.settings"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=600)
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    answer: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return answer


def percentile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def ratio_line(name: str, measured: dict[str, list[float]]) -> Line:
    before, during = (percentile(measured[when], 0.99) for when in ("before", "during"))
    note = f"{before:.0f} ms before, {during:.0f} ms during, {len(measured['during'])} each"
    return Line(f"{name}: p99 during to before", during / before, unit="×", bar=BAR_RATIO, note=note)


async def measure(stack: Stack, stars: list[Person], viewer: Person) -> tuple[list[dict[str, Any]], Probe]:
    room, probe = Room(stack, stars[0], viewer), Probe()
    await room.open()
    starts = []
    for star in stars:
        await probe.run(stack, room, "before", WINDOW_SECONDS)
        began = await asyncio.to_thread(world, stack, "start", star.login)
        await probe.run(stack, room, "during", WINDOW_SECONDS)
        # The notice's row says when: a process that asks meanwhile would be what chat waits for.
        ended = await asyncio.to_thread(world, stack, "state", began["stream_id"])
        starts.append({"seconds": ended["at"] - began["at"], "told": ended["told"]})
        await asyncio.sleep(WINDOW_SECONDS)
    return starts, probe


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench.go_live")
    parser.add_argument("--followers", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with push_sink() as sink, Stack(CHAT_USER_RATE=100_000, OUTBOUND_NETWORKS="127.0.0.0/8") as stack:
        stars = stack.create_users([f"star{number}" for number in range(options.rounds)], streamer=True)
        viewer = stack.create_user("charlie")
        seeded = world(stack, "seed", options.followers, EVERY, sink.endpoint, sink.p256dh, sink.auth)
        starts, probe = asyncio.run(measure(stack, stars, viewer))
        expected = seeded["pushed"] * options.rounds
        came = sink.wait_for(expected, PUSH_SECONDS)
        followers = min(NAIVE_FOLLOWERS, options.followers)
        naive = world(stack, "naive", stars[0].login, followers)["seconds"] * options.followers / followers
    seconds = [one["seconds"] for one in starts]
    lines = [
        Line("start to told, worst", max(seconds), bar=BAR_SECONDS, note=", ".join(f"{one:.2f}" for one in seconds)),
        Line(
            "followers told, least", min(one["told"] for one in starts), unit="", bar=options.followers, at_least=True
        ),
        Line("pushes opened by the service", came.opened, unit="", bar=expected, at_least=True),
        Line("pushes it refused", came.refused, unit="", bar=0),
        ratio_line("pages", probe.pages),
        ratio_line("chat", probe.chat),
        Line(
            "a loop over followers takes",
            naive / max(seconds),
            unit="×",
            bar=BAR_RIVAL,
            at_least=True,
            note=f"{naive:.0f} s, from {followers:,} of them",
        ),
    ]
    return report("A channel goes live", lines)


if __name__ == "__main__":
    sys.exit(main())
