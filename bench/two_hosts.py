"""Claim: an edge machine fetches each part and each segment once, however many watch there.

    python -m bench.two_hosts [--viewers 100] [--seconds 10]      (as root: it makes two network namespaces)

Two stacks on this machine, each in a network of its own, joined by one virtual cable. The main one takes the broadcast,
encodes and stores it; the edge one runs nginx and an origin only. Viewers in the edge's network watch live with
blocking reloads and take every part, fetch older segments with tokens of their own, and the recording after the end.
One viewer of each quality at the main machine shows how much later the others get a new part.
"""

import argparse
import ctypes
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import m3u8

from bench.broadcasts import wait_for_state
from bench.held_load import HeldLoad
from bench.report import Line, report
from bench.show import Show
from bench.stack import Stack
from tests.transcode.live_services import wait_until
from transcode.playback_tokens import Scope

MAIN, EDGE = "millrace-main", "millrace-edge"
MAIN_ADDRESS, EDGE_ADDRESS = "10.199.7.1", "10.199.7.2"
LIVE_REDIS_PORT = 6380
LIVE_REDIS_PASSWORD = "of-this-bench-only"  # noqa: S105
CLONE_NEWNET = 0x40000000
WARM_UP_SECONDS = 4.0
TOKENS = 5  # viewers of older media, each with a token of his own
LIVE_SECONDS = VOD_SECONDS = 30.0
LATER_MS = 100.0


def ip(*words: str) -> None:
    done = subprocess.run(["ip", *words], capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"Network namespaces cannot be made here (root and iproute2 are needed): {done.stderr.strip()}")


@contextmanager
def two_networks() -> Iterator[None]:
    """The two namespaces, joined by a cable."""
    try:
        for name in (MAIN, EDGE):
            ip("netns", "add", name)
        ip("link", "add", "cable", "netns", MAIN, "type", "veth", "peer", "name", "cable", "netns", EDGE)
        for name, address in ((MAIN, MAIN_ADDRESS), (EDGE, EDGE_ADDRESS)):
            ip("-n", name, "address", "add", f"{address}/24", "dev", "cable")
            ip("-n", name, "link", "set", "cable", "up")
            ip("-n", name, "link", "set", "lo", "up")
        yield
    finally:
        for name in (MAIN, EDGE):
            subprocess.run(["ip", "netns", "delete", name], check=False, capture_output=True)


@contextmanager
def inside(namespace: str) -> Iterator[None]:
    """What this thread opens or starts meanwhile is in that network (setns(2))."""
    libc = ctypes.CDLL(None, use_errno=True)
    with Path("/proc/thread-self/ns/net").open("rb") as back, Path(f"/run/netns/{namespace}").open("rb") as there:
        _set_network(libc, there.fileno())
        try:
            yield
        finally:
            _set_network(libc, back.fileno())


def _set_network(libc: ctypes.CDLL, descriptor: int) -> None:
    if libc.setns(descriptor, CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")


def edge_stack(main: Stack) -> Stack:
    """nginx and an origin, pointed at the main machine."""
    redis = f"redis://:{LIVE_REDIS_PASSWORD}@{MAIN_ADDRESS}:{LIVE_REDIS_PORT}/0"
    return Stack(
        PROCESSES="edge,origin",
        SECRET_KEY=(main.data / "secret_key").read_text().strip(),
        LIVE_REDIS_URL=redis,
        ORIGIN_SHIELD=f"http://{MAIN_ADDRESS}:{main.port}",
        LIVE_EDGE=f"/dev/shm/{EDGE}-{os.getpid()}",  # noqa: S108
    )


def origin_counts(edge: Stack) -> dict[str, int]:
    text = httpx.get(f"http://127.0.0.1:{edge.port + 3}/metrics").text
    return {name: int(value) for name, value in (line.rsplit(" ", 1) for line in text.splitlines())}


def origin_answers(edge: Stack) -> bool:
    """Its nginx is ready before: it passes pages on to the main machine."""
    try:
        return bool(origin_counts(edge))
    except httpx.HTTPError:
        return False


def watch_live(main: Stack, edge: Stack, stream_id: str, options: argparse.Namespace) -> list[Line]:
    """Blocking reloads of all qualities and every part of them."""
    base = f"/media/{main.playback_token(stream_id)}/{stream_id}"
    multivariant = m3u8.loads(edge.http.get(f"{base}/index.m3u8").raise_for_status().text)
    names = {playlist.uri.partition("/")[0] for playlist in multivariant.playlists}
    paths = {name: f"{base}/{name}/index.m3u8" for name in sorted(names)}
    load = HeldLoad(("127.0.0.1", edge.port), paths, options.viewers, fetches=("part",))
    with inside(MAIN):
        beside = HeldLoad(("127.0.0.1", main.port), paths, len(paths))
    for one in (load, beside):
        one.begin()
    with ThreadPoolExecutor(1) as others:
        others.submit(beside.run, WARM_UP_SECONDS + options.seconds)
        load.run(WARM_UP_SECONDS)
        before, load.parts = origin_counts(edge), 0
        load.deliveries.clear()
        load.run(options.seconds)
        after = origin_counts(edge)
    parts = len({one.what for one in load.deliveries})
    for one in (load, beside):
        one.close()
    fetched = after["millrace_origin_upstream_fetches_total"] - before["millrace_origin_upstream_fetches_total"]
    note = f"{options.viewers} viewers took {load.parts} parts, {parts} different ones"
    return [
        Line("live: fetches from the main machine for each part", fetched / max(parts, 1), "", 1.05, note=note),
        Line("live: playlists later than at the main machine, p99", later_ms(load, beside), "ms", LATER_MS),
        Line("live: refused", load.refused, "", 0),
    ]


def later_ms(here: HeldLoad, there: HeldLoad) -> float:
    """By how much playlists with a new part are `here` later than `there`: the 99th percentile."""
    first = {one.what: one.at for one in there.deliveries}
    later = sorted(one.at - first[one.what] for one in here.deliveries if one.what in first)
    return later[int(len(later) * 0.99)] * 1000 if later else float("inf")


def watch_older(main: Stack, edge: Stack, stream_id: str, name: str, playlist: str) -> list[Line]:
    """Every segment of a playlist, each by viewers with tokens of their own."""
    statuses: Counter[str] = Counter()
    segments: set[str] = set()
    scope = Scope.RECORDING if playlist.startswith("vod/") else Scope.LIVE
    for number in range(TOKENS):
        token = main.playback_token(stream_id, expires_at=time.time() + 3600 + number, scope=scope)
        address = httpx.URL(f"{edge.url}/media/{token}/{stream_id}/{playlist}")
        listed = m3u8.loads(edge.http.get(address).raise_for_status().text)
        for segment in listed.segments:
            answer = edge.http.get(address.join(segment.uri)).raise_for_status()
            segments.add(segment.uri)
            statuses[answer.headers.get("x-cache-status", "here")] += 1
    refused = edge.http.get(f"/media/{main.playback_token(stream_id, expires_at=1)}/{stream_id}/{playlist}").status_code
    return [
        Line(f"{name}: fetches from the main machine for each segment", statuses["MISS"] / len(segments), "", 1.0,
             note=f"{len(segments)} segments, {TOKENS} tokens: {dict(statuses)}"),
        Line(f"{name}: with an expired token", refused, "", note="HTTP status, 403 is right"),
    ]  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.two_hosts")
    parser.add_argument("--viewers", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=10.0)
    options = parser.parse_args()
    with ExitStack() as stack:
        stack.enter_context(two_networks())
        with inside(MAIN):
            main_stack = stack.enter_context(
                Stack(
                    LIVE_REDIS_LISTEN=f"{MAIN_ADDRESS}:{LIVE_REDIS_PORT}",
                    LIVE_REDIS_PASSWORD=LIVE_REDIS_PASSWORD,
                    TRUSTED_PROXIES=EDGE_ADDRESS,
                    TRANSCODED_RUNGS=1,
                )
            )
            alice = main_stack.create_user("alice", streamer=True)
            show = Show(main_stack, alice, loop=True)
            stack.callback(show.begin().stop)
            show.wait_until_live(seconds=LIVE_SECONDS)
        with inside(EDGE):
            edge = stack.enter_context(edge_stack(main_stack))
            wait_until(lambda: origin_answers(edge), "the edge machine's origin did not start")
            lines = watch_live(main_stack, edge, show.stream_id, options)
            rendition = "dvr/source/index.m3u8"
            lines += watch_older(main_stack, edge, show.stream_id, "rewound", rendition)
        with inside(MAIN):
            show.finish()
            wait_for_state(main_stack, alice, "ended", seconds=VOD_SECONDS)
        with inside(EDGE):
            lines += watch_older(main_stack, edge, show.stream_id, "recording", "vod/source/index.m3u8")
            edge.http.close()
        return report(f"{options.viewers} viewers on an edge machine, encoder and storage on the main one", lines)


if __name__ == "__main__":
    sys.exit(main())
