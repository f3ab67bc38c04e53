"""A private Redis for live media and an origin over it, for tests that break them."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import redis

DEADLINE_SECONDS = 15.0
ROOT = Path(__file__).parents[2]


class PrivateRedis:
    """A Redis of its own that can be stopped and started again; it forgets everything meanwhile."""

    def __init__(self, directory: Path) -> None:
        self.socket = directory / "redis.sock"
        self.url = f"unix://{self.socket}"
        self._directory = directory
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        argv = ["redis-server", "--port", "0", "--unixsocket", str(self.socket), "--save", "", "--loglevel", "warning"]
        self._process = subprocess.Popen([*argv, "--dir", str(self._directory)], stdout=subprocess.DEVNULL)
        wait_until(self._answers, "Redis did not start")

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def client(self) -> redis.Redis:
        return redis.Redis.from_url(self.url)

    def _answers(self) -> bool:
        try:
            return bool(self.client().ping())
        except redis.ConnectionError:
            return False


class OriginProcess:
    """The origin as it really runs: a process of its own."""

    def __init__(self, live_redis_url: str, directory: Path) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.edge_directory = directory / "edge"
        self._environment = {
            **os.environ,
            "MILLRACE_LIVE_REDIS_URL": live_redis_url,
            "MILLRACE_LIVE_EDGE": str(self.edge_directory),
        }
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        argv = [sys.executable, "-m", "transcode.origin_server", "--port", str(self.port)]
        self._process = subprocess.Popen(argv, cwd=ROOT, env=self._environment)
        wait_until(self._answers, "the origin did not start")

    def stop(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(timeout=5)
            except subprocess.TimeoutExpired:
                self._process.kill()

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def open_files(self) -> int:
        return len(list(Path(f"/proc/{self.pid}/fd").iterdir()))

    def _answers(self) -> bool:
        try:
            return httpx.get(f"{self.url}/healthz/live").status_code == 200
        except httpx.TransportError:
            return False


@contextmanager
def live_services() -> Iterator[tuple[PrivateRedis, OriginProcess]]:
    with TemporaryDirectory() as name:
        store = PrivateRedis(Path(name))
        origin = OriginProcess(store.url, Path(name))
        try:
            store.start()
            origin.start()
            yield store, origin
        finally:
            origin.stop()
            store.stop()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(holds: Callable[[], object], complaint: str, seconds: float = DEADLINE_SECONDS) -> None:
    """Poll until `holds()` is true; fail with the complaint at the deadline."""
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            raise AssertionError(complaint)
        time.sleep(0.05)
