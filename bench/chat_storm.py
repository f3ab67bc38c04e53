"""Claim: everybody in a room of 10,000 is back within 60 s of its gateway's death, and nobody else notices.

    python -m bench.chat_storm [--clients 10000] [--seconds 120] [--signed-in 0.3]

A whole stack with a broadcast on air, a viewer at its live edge, and one who asks for pages and for the API all the
time. Twice the room's only gateway goes away: killed, and as it is told to, when it sends its viewers away over a
window; there is no other gateway here, so that nobody gets in before the window is over. The clients are tabs with
live_socket.js's back-off and `since=`, some of them signed in. They connect to the gateway's own port, as through a
balancer of connections (layer 4): nginx, as it is set, has fewer connections than both sides of so many need. The
clients have the last core, which the stack uses as well. There is no rival: the control is the calm before.
"""

import argparse
import itertools
import json
import os
import re
import resource
import signal
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

from bench.processes import Process, pin
from bench.report import Line, report
from bench.show import Show
from bench.stack import Person, Stack

BAR_SECONDS, GOAL_SECONDS = 60.0, 30.0
WRITERS = 20  # the first of them is back as soon as anybody
CALM_SECONDS = 10
AFTER_SECONDS = 10  # watched on when everybody is back: pings, presence, what was put off
SETTLE_SECONDS = 5
CONNECTS_PER_SECOND = 1_000  # of one core: how long the window of a planned end has to be
WATCHER_SECONDS = 10  # a request without an answer for so long has failed
BETWEEN_PAGES_SECONDS = 0.2
LATE_SECONDS = 1.05  # three parts: what a player at the live edge has in hand
_HINT = re.compile(r'PRELOAD-HINT:TYPE=PART,URI="[0-9]+-(?P<msn>[0-9]+)\.(?P<part>[0-9]+)\.m4s"')
_PART = re.compile(r'EXT-X-PART:.*URI="([^"]+)"')


@dataclass
class Seen:
    """What a watcher met since it was asked last. `took`: seconds of each success."""

    took: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    @property
    def late(self) -> int:
        return sum(seconds > LATE_SECONDS for seconds in self.took)

    def __str__(self) -> str:
        if not self.took:
            return "nothing was answered"
        words = f"{len(self.took)} answers, median {statistics.median(self.took) * 1000:.0f} ms"
        return "; ".join([f"{words}, longest {max(self.took):.2f} s", *self.errors[:2]])


class Watcher(threading.Thread):
    """Asks for something all the time."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self._seen, self._done = Seen(), threading.Event()

    def take(self) -> Seen:
        seen, self._seen = self._seen, Seen()
        return seen

    def stop(self) -> None:
        self._done.set()
        self.join(WATCHER_SECONDS * 2)

    def run(self) -> None:
        with httpx.Client(timeout=WATCHER_SECONDS) as http:
            for _ in self.steps(http):
                if self._done.is_set():
                    return

    def steps(self, http: httpx.Client) -> Iterator[None]:
        raise NotImplementedError

    def get(self, http: httpx.Client, url: str, **request: Any) -> str | None:
        """The answer's text if it was a 200; what else came is noted."""
        try:
            answer = http.get(url, **request)
        except httpx.HTTPError as error:
            self._seen.errors.append(f"{url}: {error!r}")
            return None
        if answer.status_code != 200:
            self._seen.errors.append(f"{url}: {answer.status_code}")
            return None
        return answer.text


class Visitor(Watcher):
    """Goes to the front page, the channel's page and the API for playback."""

    def __init__(self, stack: Stack, streamer: Person) -> None:
        super().__init__()
        paths = ["/", f"/{streamer.login}", f"/api/v1/streams/{streamer.login}/playback"]
        self._urls = [stack.url + path for path in paths]

    def steps(self, http: httpx.Client) -> Iterator[None]:
        for url in itertools.cycle(self._urls):
            began = time.monotonic()
            if self.get(http, url) is not None:
                self._seen.took.append(time.monotonic() - began)
            time.sleep(BETWEEN_PAGES_SECONDS)
            yield


class Follower(Watcher):
    """A viewer of one rendition, as hls.js asks: a blocking reload, then the part that it tells of. `took`: between two
    parts that are there."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url

    def steps(self, http: httpx.Client) -> Iterator[None]:
        query, had = "", time.monotonic()
        while True:
            text = self.get(http, self._url + query) or ""
            listed, hint = _PART.findall(text), _HINT.search(text)
            if not listed or not hint:
                time.sleep(0.1)
                yield
                continue
            query = f"?_HLS_msn={hint['msn']}&_HLS_part={hint['part']}&_HLS_skip=YES"
            if self.get(http, self._url.replace("index.m3u8", listed[-1])) is not None:
                now = time.monotonic()
                self._seen.took.append(now - had)
                had = now
            yield


class Crowd:
    """The clients, who are a process of their own: what they do must not slow down who watches."""

    def __init__(self, plan: dict[str, Any]) -> None:
        argv = [sys.executable, "-m", "bench.storm_crowd"]
        self.process: subprocess.Popen[str] = subprocess.Popen(
            argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        pin((os.cpu_count() or 1) - 1, self.process.pid)
        self._say(json.dumps(plan))

    def wait_until_in(self) -> None:
        if (said := self._listen()) != "ready":
            raise SystemExit(f"Void: the clients could not join: {said}")
        if strangers := self.ask("count")["strangers"]:
            raise SystemExit(f"Void: {strangers} who are signed in were greeted as nobody.")

    def ask(self, word: str) -> dict[str, Any]:
        self._say(word)
        return dict(json.loads(self._listen()))

    def _say(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()

    def _listen(self) -> str:
        assert self.process.stdout is not None
        return str(self.process.stdout.readline()).strip()


@contextmanager
def crowd_in_room(stack: Stack, streamer: Person, clients: int, signed_in: float) -> Iterator[Crowd]:
    sessions: list[str | None] = sign_in(stack, round(clients * signed_in))
    sessions += [None] * (clients - len(sessions))
    writers = stack.create_users([f"writer{number}" for number in range(WRITERS)])
    tokens = [writer.api_token for writer in writers]
    port = stack.port + 2  # the chat process's own, as by default
    crowd = Crowd({"port": port, "channel_id": streamer.channel_id, "sessions": sessions, "tokens": tokens})
    try:
        crowd.wait_until_in()
        yield crowd
    finally:
        crowd.process.kill()
        crowd.process.wait()


def sign_in(stack: Stack, people: int) -> list[str | None]:
    script = f"import json; from bench.signed_in import sign_in; print(json.dumps(sign_in({people})))"
    return list(json.loads(stack.manage("shell", "-v", "0", "-c", script).strip().splitlines()[-1]))


def gateway_of(stack: Stack) -> Process:
    return next(iter(stack.processes("config.asgi_chat:application")))


@dataclass(frozen=True)
class Outcome:
    """Of one storm. `back`: seconds until each was back, in order."""

    back: list[float]
    count: dict[str, Any]
    site: Seen
    video: Seen

    def lines(self, name: str, clients: int) -> list[Line]:
        missing = [float("inf")] * (clients - len(self.back))
        back = [*self.back, *missing]
        count, goal = self.count, f"goal {GOAL_SECONDS:.0f} s: {'yes' if back[-1] <= GOAL_SECONDS else 'NO'}"
        failed = f"{count['refused']:,} refused, {count['denied']:,} told 503, {count['hung']:,} gave up waiting"
        return [
            Line(f"{name}: half are back", back[clients // 2], note=f"the first {count['first_hello']:.1f} s"),
            Line(f"{name}: 99 % are back", back[int(clients * 0.99)]),
            Line(f"{name}: all are back", back[-1], bar=BAR_SECONDS, note=goal),
            Line(f"{name}: attempts in vain", count["refused"] + count["denied"] + count["hung"], "", note=failed),
            Line(f"{name}: messages missed, by all together", count["missed"], "", 0.0),
            Line(f"{name}: signed in, but greeted as nobody", count["strangers"], "", 0.0),
            Line(f"{name}: video errors", len(self.video.errors), "", 0.0, note=str(self.video)),
            Line(f"{name}: parts later than {LATE_SECONDS} s", self.video.late, "", 0.0),
            Line(f"{name}: site errors", len(self.site.errors), "", 0.0, note=str(self.site)),
        ]


def storm(stack: Stack, crowd: Crowd, watchers: tuple[Visitor, Follower], signum: int, seconds: float) -> Outcome:
    """The gateway goes away; who was in the room comes back."""
    site, video = watchers
    site.take(), video.take()
    crowd.ask("storm")
    victim, began = gateway_of(stack), time.monotonic()
    os.kill(victim.pid, signum)
    count = crowd.ask("count")
    while time.monotonic() < began + seconds and len(count["back"]) < count["tabs"]:
        time.sleep(0.5)
        count = crowd.ask("count")
    time.sleep(AFTER_SECONDS)
    count = crowd.ask("count")
    count["first_hello"] = max(0.0, count["first_hello"] - began)
    return Outcome([at - began for at in count["back"]], count, site.take(), video.take())


def calm_lines(site: Seen, video: Seen) -> list[Line]:
    return [
        Line("calm: longest wait for a part", max(video.took, default=float("inf")), note=str(video)),
        Line("calm: longest wait for a page", max(site.took, default=float("inf")), note=str(site)),
    ]


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench.chat_storm")
    parser.add_argument("--clients", type=int, default=10_000)
    parser.add_argument("--seconds", type=float, default=120.0, help="to wait for everybody")
    parser.add_argument("--signed-in", type=float, default=0.3, help="share of the clients")
    options = parser.parse_args()
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))  # the stack and the clients inherit it
    window = max(2.0, options.clients / CONNECTS_PER_SECOND)
    with Stack(TRANSCODED_RUNGS=1, CHAT_USER_RATE=100_000, CHAT_DRAIN_SECONDS=window) as stack:
        alice = stack.create_user("alice", streamer=True)
        with (
            Show(stack, alice, loop=True) as show,
            crowd_in_room(stack, alice, options.clients, options.signed_in) as crowd,
        ):
            playlist = stack.url + show.playlist().replace("index.m3u8", "480p/index.m3u8")
            watchers = Visitor(stack, alice), Follower(playlist)
            for watcher in watchers:
                watcher.start()
            time.sleep(SETTLE_SECONDS)
            for watcher in watchers:
                watcher.take()
            time.sleep(CALM_SECONDS)
            table = calm_lines(site=watchers[0].take(), video=watchers[1].take())
            for name, signum in (("killed", signal.SIGKILL), (f"told to end, {window:.0f} s", signal.SIGTERM)):
                outcome = storm(stack, crowd, watchers, signum, options.seconds)
                table += outcome.lines(name, options.clients + WRITERS)
            for watcher in watchers:
                watcher.stop()
    return report(f"{options.clients:,} clients lose their gateway", table)


if __name__ == "__main__":
    sys.exit(main())
