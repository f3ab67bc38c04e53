"""Claim: one origin core holds at least 1,500 viewers, each with picture and sound, and p99 from "part published" to
"playlist delivered" stays at or below 100 ms.

    python -m bench.origin_held [--viewers 1500] [--seconds 10] [--edge]

The server is alone on core 0; viewers (a C program), publisher and Redis share the last one. Beside it, in the same
run: an ASGI stub on uvicorn that holds the same number of requests and does nothing else, and nginx with the playlist
as a static file.
`--edge`: also through the edge nginx, which then shares core 0 with the origin.
"""

import argparse
import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

import django

django.setup()

from django.conf import settings  # noqa: E402

from bench.asgi_stub import PARTS_PER_SEGMENT  # noqa: E402
from bench.free_ports import free_ports  # noqa: E402
from bench.held_readers import Delivery, HeldReaders  # noqa: E402
from bench.processes import pin  # noqa: E402
from bench.report import Line, report  # noqa: E402
from stack import nginx  # noqa: E402
from tests.stack.nginx_process import move_settings, running_nginx, wait_for_port  # noqa: E402
from tests.transcode.live_services import OriginProcess, PrivateRedis, wait_until  # noqa: E402
from transcode.playback_tokens import sign  # noqa: E402

ROOT = Path(__file__).resolve().parent.parent
SERVER_CORE, LOAD_CORE = 0, (os.cpu_count() or 1) - 1
WARM_UP_SECONDS = 3.0
CONNECTIONS_OF_A_VIEWER = 2  # picture and sound
TAIL_MS, VIEWERS = 100.0, 1_500
CLOCK_TICK = os.sysconf("SC_CLK_TCK")
STATIC_REQUESTS = 8_000  # fewer than the edge takes on one connection


Published = dict[tuple[str, int, int], float]  # rendition, msn, part → when, on the monotonic clock


@dataclass(frozen=True)
class Result:
    """What one server did."""

    tails_ms: list[float]
    cpu_us: float  # of the server, for each answer
    refused: int

    def tail(self, share: float) -> float:
        return self.tails_ms[int(len(self.tails_ms) * share)] if self.tails_ms else float("inf")


def cpu_seconds(pids: list[int]) -> float:
    fields = [Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split() for pid in pids]
    return sum(int(words[11]) + int(words[12]) for words in fields) / CLOCK_TICK


def children(pid: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def pinned_nginx(directory: Path) -> list[int]:
    """Master and workers of the edge below `directory`, on the server's core."""
    pid_file = directory / "edge" / "nginx.pid"
    wait_until(lambda: pid_file.exists() and pid_file.read_text().strip(), "nginx did not start")
    master = int(pid_file.read_text())
    pids = [master, *children(master)]
    pin(SERVER_CORE, *pids)
    return pids


class Publisher:
    """bench.synthetic_live beside us; knows when each part was published."""

    def __init__(self, redis_url: str, stream_id: str, seconds: float) -> None:
        argv = [sys.executable, "-m", "bench.synthetic_live", redis_url, stream_id, str(seconds)]
        self._process = subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        pin(LOAD_CORE, self._process.pid)
        assert self._process.stdout is not None
        self._output = self._process.stdout
        if self._output.readline() != "on air\n":
            raise RuntimeError("the publisher did not start")

    def times(self) -> Published:
        """Waits for the end of the show."""
        lines = [line.split() for line in self._output.read().splitlines()]
        self._process.wait()
        return {(name, int(msn), int(part)): float(at) for name, msn, part, at in lines}

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait()


def measure(load: HeldReaders, pids: list[int], seconds: float) -> tuple[list[Delivery], float]:
    """Deliveries after the warm-up, and the server's CPU seconds for each of them."""
    load.begin()
    time.sleep(WARM_UP_SECONDS)
    before, since = cpu_seconds(pids), time.monotonic()
    time.sleep(seconds)
    spent, until = cpu_seconds(pids) - before, time.monotonic()
    deliveries = [one for one in load.end() if since <= one.at <= until]
    return deliveries, spent / max(len(deliveries), 1)


def result(
    deliveries: list[Delivery], cpu: float, published: dict[tuple[str, int, int], float], refused: int
) -> Result:
    known = [(one, published.get(one.what)) for one in deliveries]
    tails = sorted((one.at - at) * 1000 for one, at in known if at is not None)
    return Result(tails, cpu * 1e6, refused)


def hold(port: int, paths: dict[str, str], viewers: int) -> HeldReaders:
    load = HeldReaders(port, paths, viewers * CONNECTIONS_OF_A_VIEWER)
    pin(LOAD_CORE, load.pid)
    return load


def origin_result(
    services: tuple[PrivateRedis, OriginProcess], options: argparse.Namespace, edge: tuple[int, list[int]] | None
) -> Result:
    redis, origin = services
    stream_id = secrets.token_hex(12)
    token = sign(key=settings.PLAYBACK_SIGNING_KEY, stream_id=stream_id, expires_at=round(time.time() + 3600))
    paths = {name: f"/media/{token}/{stream_id}/{name}/index.m3u8" for name in ("source", "audio")}
    publisher = Publisher(redis.url, stream_id, options.seconds + WARM_UP_SECONDS + options.viewers / 500 + 3)
    port, pids = (edge[0], [origin.pid, *edge[1]]) if edge else (origin.port, [origin.pid])
    load = hold(port, paths, options.viewers)
    try:
        deliveries, cpu = measure(load, pids, options.seconds)
        return result(deliveries, cpu, publisher.times(), load.refused)
    finally:
        load.close()
        publisher.stop()


@contextmanager
def live_services(directory: Path) -> Iterator[tuple[PrivateRedis, OriginProcess]]:
    redis = PrivateRedis(directory)
    origin = OriginProcess(redis.url, directory)
    try:
        redis.start()
        origin.start()
        pin(SERVER_CORE, origin.pid)
        yield redis, origin
    finally:
        origin.stop()
        redis.stop()


@contextmanager
def edge_before(origin: OriginProcess, directory: Path) -> Iterator[tuple[int, list[int]]]:
    """The edge nginx over this origin: its port and the processes."""
    (directory / "edge").mkdir(exist_ok=True)
    move_settings(settings, directory)
    settings.ORIGIN_PORT, settings.LIVE_EDGE_DIR = origin.port, origin.edge_directory
    with running_nginx("edge", nginx.edge_values([]), settings.PORT):
        pids = pinned_nginx(directory)
        yield settings.PORT, pids


def stub_result(options: argparse.Namespace) -> Result:
    """uvicorn with the stub."""
    port = free_ports(1)[0]
    argv = [sys.executable, "-m", "uvicorn", "bench.asgi_stub:application", "--port", str(port), "--loop", "uvloop"]
    argv += ["--http", "httptools", "--no-access-log", "--log-level", "warning", "--backlog", "4096"]
    process = subprocess.Popen(argv, cwd=ROOT)
    try:
        wait_for_port(port)
        pin(SERVER_CORE, process.pid)
        load = hold(port, {"stub": "/index.m3u8"}, options.viewers)
        deliveries, cpu = measure(load, [process.pid], options.seconds)
        load.close()
        published = {
            ("stub", *divmod(int(number), PARTS_PER_SEGMENT)): float(at)
            for number, at in (line.split() for line in fetch(port, "/times").splitlines())
        }
        return result(deliveries, cpu, published, load.refused)
    finally:
        process.terminate()
        process.wait()


def fetch(port: int, path: str) -> str:
    with socket.create_connection(("127.0.0.1", port)) as sock:
        sock.sendall(f"GET {path} HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n".encode())
        return b"".join(iter(lambda: sock.recv(65_536), b"")).partition(b"\r\n\r\n")[2].decode()


def static_cpu_us(directory: Path) -> float:
    """What nginx spends on a file of a playlist's size, held by nobody: the floor."""
    directory.mkdir()
    move_settings(settings, directory)
    (directory / "static").mkdir()
    (directory / "static" / "index.m3u8").write_bytes(os.urandom(700))
    with running_nginx("edge", nginx.edge_values([]), settings.PORT):
        pids = pinned_nginx(directory)
        with socket.create_connection(("127.0.0.1", settings.PORT)) as sock:
            request = b"GET /static/index.m3u8 HTTP/1.1\r\nHost: bench\r\n\r\n"
            before = cpu_seconds(pids)
            for _ in range(STATIC_REQUESTS):
                sock.sendall(request)
                sock.recv(65_536)
            return (cpu_seconds(pids) - before) / STATIC_REQUESTS * 1e6


def lines_of(name: str, outcome: Result, *, bars: bool) -> list[Line]:
    tails = f"p50 {outcome.tail(0.5):.0f}, p95 {outcome.tail(0.95):.0f}, worst {outcome.tail(0.9999):.0f} ms"
    return [
        Line(f"{name}: tail p99", outcome.tail(0.99), "ms", TAIL_MS if bars else None, note=tails),
        Line(f"{name}: CPU of one answer", outcome.cpu_us, "µs", note=f"{len(outcome.tails_ms)} answers"),
        Line(f"{name}: refused", outcome.refused, "", 0 if bars else None),
    ]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.origin_held")
    parser.add_argument("--viewers", type=int, default=VIEWERS)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--edge", action="store_true")
    options = parser.parse_args()
    pin(LOAD_CORE, os.getpid())
    lines = []
    with ExitStack() as stack:
        directory = Path(stack.enter_context(TemporaryDirectory(prefix="millrace-held-")))
        directory.chmod(0o755)
        services = stack.enter_context(live_services(directory))
        lines += lines_of("origin", origin_result(services, options, None), bars=True)
        if options.edge:
            edge = stack.enter_context(edge_before(services[1], directory))
            lines += lines_of("origin behind the edge", origin_result(services, options, edge), bars=True)
        lines += lines_of("ASGI stub", stub_result(options), bars=False)
        lines.append(Line("nginx, a static file: CPU of one answer", static_cpu_us(directory / "floor"), "µs"))
    title = f"{options.viewers} viewers, {options.viewers * CONNECTIONS_OF_A_VIEWER} held requests, one core"
    return report(title, lines)


if __name__ == "__main__":
    sys.exit(main())
