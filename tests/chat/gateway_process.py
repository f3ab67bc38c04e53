"""A real chat process and a real Redis of its own, started for tests and stopped after them."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from urllib.error import HTTPError, URLError

import redis
from django.conf import settings
from django.db import connection

START_SECONDS = 20


class PrivateRedis:
    """A redis-server that a test may kill."""

    def __init__(self, directory: Path, *, durable: bool = True) -> None:
        self._directory = directory
        self._appendonly = "yes" if durable else "no"
        self.socket = directory / "r.sock"
        self.url = f"unix://{self.socket}?db=0"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(
            [
                "redis-server",
                *("--port", "0", "--unixsocket", str(self.socket), "--dir", str(self._directory)),
                *(
                    "--appendonly",
                    self._appendonly,
                    "--appendfsync",
                    "always",
                    "--save",
                    "",
                    "--daemonize",
                    "no",
                    "--loglevel",
                    "warning",
                ),
            ],
            stdout=subprocess.DEVNULL,
        )
        wait_until(self._answers, "Redis to answer")

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def client(self) -> redis.Redis:
        return redis.Redis.from_url(self.url)

    def _answers(self) -> bool:
        try:
            return bool(self.client().ping())
        except redis.RedisError:
            return False


EVERYTHING_SHOWN = {"MILLRACE_CHAT_SHOWN_PER_SECOND": "0"}  # tests and benchmarks are faster than anybody reads


class GatewayProcess:
    """`uvicorn config.asgi_chat:application` as it runs in production, but that everybody is shown everything."""

    def __init__(
        self,
        redis_url: str,
        *options: str,
        application: str = "config.asgi_chat:application",
        environment: dict[str, str] | None = None,
    ) -> None:
        self.port = free_port()
        self._process = subprocess.Popen(
            [
                *(sys.executable, "-m", "uvicorn", application),
                *("--host", "127.0.0.1", "--port", str(self.port), "--log-level", "warning"),
                *(options or ("--ws", "chat.uvicorn_protocol:RawWebSocketProtocol")),
            ],
            env=os.environ
            | {
                "MILLRACE_REDIS_URL": redis_url,
                "MILLRACE_DB_NAME": str(connection.settings_dict["NAME"]),
                "MILLRACE_PORT": str(settings.PORT),
                "MILLRACE_LOG_LEVEL": "ERROR",
            }
            | EVERYTHING_SHOWN
            | (environment or {}),
        )
        try:
            wait_until(lambda: self.get("/healthz")[0] == 200, "the gateway to be ready")
        except BaseException:
            self.stop()
            raise

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def url(self, room_id: int, since: int | None = None) -> str:
        return f"ws://127.0.0.1:{self.port}/api/v1/chat/{room_id}" + ("" if since is None else f"?since={since}")

    def get(self, path: str) -> tuple[int, bytes]:
        try:
            with urllib.request.urlopen(self.origin + path, timeout=5) as answer:  # noqa: S310  our own process
                return answer.status, answer.read()
        except HTTPError as error:
            return error.code, error.read()
        except (URLError, OSError):
            return 0, b""

    def has_ended(self) -> bool:
        return self._process.poll() is not None

    def kill(self) -> None:
        """SIGKILL: it says goodbye to nobody."""
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def wait_until(condition: Callable[[], bool], what: str, seconds: float = START_SECONDS) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"Waited {seconds} s for {what}.")
        time.sleep(0.02)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
