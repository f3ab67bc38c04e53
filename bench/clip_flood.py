"""Claim: ten thousand requests for clips, most of them for what does not exist, are refused in clear words and disturb
nobody else.

    python -m bench.clip_flood [--requests 10000]

Alice is on air, and 40 people ask for clips as fast as they can: of times that were never recorded, of videos and
channels that are not there, of impossible lengths, in broken JSON, and now and then of what there is. Each refusal must
say why, each one that came too often when to come again, and none may be our fault. Meanwhile somebody else opens the
channel's page and a playlist, as before the flood.
"""

import argparse
import itertools
import math
import os
import random
import statistics
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from typing import Any

import httpx

from bench.report import Line, report
from bench.show import Show
from bench.stack import Person, Stack

PEOPLE, AT_ONCE = 40, 4
ON_AIR_SECONDS = 15.0
BEFORE_LOOKS = 60
PAUSE_SECONDS = 0.1  # of who looks on
SEED = 3
UNDERSTOOD = {202, 400, 404, 409, 429}
BAR_PAGE, BAR_PLAYLIST = 2.0, 2.0
MADE_SECONDS = 60


def wanted(chance: random.Random, streamer: str) -> Callable[[], dict[str, Any]]:
    """What is asked for next; `content` is no JSON at all."""
    bad: list[dict[str, Any]] = [
        {"json": {"channel": streamer, "offset_seconds": 1e6}},
        {"json": {"channel": streamer, "offset_seconds": -5}},
        {"json": {"channel": streamer, "offset_seconds": 1e300}},
        {"json": {"channel": streamer, "starts_at": "1970-01-01T00:00:00Z"}},
        {"json": {"channel": streamer, "starts_at": "9999-12-31T23:59:59Z"}},
        {"json": {"channel": streamer, "starts_at": "yesterday"}},
        {"json": {"channel": streamer, "duration_seconds": 0}},
        {"json": {"channel": streamer, "duration_seconds": 10**9}},
        {"json": {"channel": streamer, "title": "x" * 10_000}},
        {"json": {"channel": "nobody"}},
        {"json": {"video": "0" * 24}},
        {"json": {"video": "\x00"}},
        {"json": {"video": "0" * 24, "channel": streamer}},
        {"json": [1, 2, 3]},
        {"content": b'{"channel": "' + streamer.encode() + b'", "offset_seconds": NaN}'},
        {"content": b"\xff\xfe" * 100},
    ]
    good = {"json": {"channel": streamer, "duration_seconds": 5}}
    return lambda: good if chance.random() < 0.05 else chance.choice(bad)


@dataclass
class Flood:
    """What became of it."""

    statuses: Counter[int] = field(default_factory=Counter)
    unclear: list[str] = field(default_factory=list)
    clips: list[str] = field(default_factory=list)

    def note(self, answer: httpx.Response) -> None:
        self.statuses[answer.status_code] += 1
        if answer.status_code == 202:
            self.clips.append(answer.json()["id"])
        elif answer.status_code not in UNDERSTOOD or not _says_why(answer):
            self.unclear.append(f"{answer.status_code}: {answer.text[:200]}")


def _says_why(answer: httpx.Response) -> bool:
    try:
        told = answer.json()
    except ValueError:
        return False
    waits = answer.headers.get("Retry-After", "")
    return bool(told) and (answer.status_code != 429 or (waits.isdecimal() and int(waits) > 0))


def flood(url: str, streamer: str, people: list[Person], requests: int) -> Flood:
    found, numbers, lock = Flood(), itertools.count(), threading.Lock()
    headers = [{"Authorization": f"Bearer {one.api_token}", "Content-Type": "application/json"} for one in people]

    def ask(worker: int) -> None:
        following = wanted(random.Random(SEED + worker), streamer)
        with httpx.Client(base_url=url, timeout=30) as http:
            while (number := next(numbers)) < requests:
                answer = http.post("/api/v1/clips", headers=headers[number % len(headers)], **following())
                with lock:
                    found.note(answer)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(ask, range(AT_ONCE)))
    return found


class Onlooker:
    """Opens a page and a playlist, again and again, and times both."""

    def __init__(self, stack: Stack, show: Show) -> None:
        self._stack, self._page, self._playlist = stack, f"/{show.streamer.login}", show.playlist()

    def look(self, until: Callable[[int], bool]) -> tuple[float, float]:
        """Median seconds of the page and of the playlist."""
        pages: list[float] = []
        playlists: list[float] = []
        with httpx.Client(base_url=self._stack.url, timeout=30) as http:
            while not until(len(pages)):
                for path, seconds in ((self._page, pages), (self._playlist, playlists)):
                    began = time.monotonic()
                    http.get(path).raise_for_status()
                    seconds.append(time.monotonic() - began)
                time.sleep(PAUSE_SECONDS)
        return statistics.median(pages), statistics.median(playlists)


def made_of(stack: Stack, clips: list[str]) -> int:
    """How many of them are made."""
    deadline = time.monotonic() + MADE_SECONDS
    states = ["making"]
    while "making" in states and time.monotonic() < deadline:
        time.sleep(0.5)
        states = [stack.api("GET", f"/clips/{one}").json()["state"] for one in clips]
    return states.count("ready")


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench.clip_flood")
    parser.add_argument("--requests", type=int, default=10_000)
    requests = parser.parse_args().requests
    with Stack(TRANSCODED_RUNGS=0) as stack:
        streamer = stack.create_user("alice", streamer=True)
        people = stack.create_users([f"person{number}" for number in range(PEOPLE)])
        with Show(stack, streamer, loop=True) as show:
            time.sleep(ON_AIR_SECONDS)
            onlooker = Onlooker(stack, show)
            before = onlooker.look(lambda looks: looks >= BEFORE_LOOKS)
            # It stands for machines of others: what it costs itself must not slow ours.
            with ProcessPoolExecutor(1, get_context("spawn"), os.nice, (19,)) as pool:
                began = time.monotonic()
                flooding = pool.submit(flood, stack.url, streamer.login, people, requests)
                during = onlooker.look(lambda _: flooding.done())
                found, took = flooding.result(), time.monotonic() - began
            made = made_of(stack, found.clips)
    for text in found.unclear[:10]:
        print(text)
    told = ", ".join(f"{status}: {count}" for status, count in sorted(found.statuses.items()))
    lines = [
        Line("requests", sum(found.statuses.values()), unit="", bar=requests, at_least=True, note=told),
        Line("refusals without a reason, and our faults", len(found.unclear), unit="", bar=0),
        Line("clips that were promised and not made", len(found.clips) - made, unit="", bar=0, note=f"of {made}"),
        Line("page, beside before", during[0] / before[0], unit="×", bar=BAR_PAGE, note=f"{before[0] * 1000:.0f} ms"),
        Line("playlist, beside before", during[1] / before[1], unit="×", bar=BAR_PLAYLIST,
             note=f"{before[1] * 1000:.1f} ms"),
        Line("requests a second", math.floor(requests / took), unit=""),
    ]  # fmt: skip
    return report("Ten thousand clips asked for", lines)


if __name__ == "__main__":
    sys.exit(main())
