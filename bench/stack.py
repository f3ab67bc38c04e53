"""A whole Millrace of our own: on free ports, in a directory of its own, stopped without a trace."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from bench.free_ports import free_block
from bench.prepared import copy_prepared
from bench.processes import Process, all_processes, descendants_of, still_running, with_open_files_under
from common.secret_key import derive_key
from common.socket_paths import socket_directory
from transcode.playback_tokens import Scope, sign

ROOT = Path(__file__).parents[1]
PORTS_OF_A_STACK = 10  # front, site, chat, origin, IRC, RTMP and room to grow
START_SECONDS = 90
STOP_SECONDS = 30


@dataclass(frozen=True)
class Person:
    """A user of the stack under test, as `create_user --json` prints it."""

    login: str
    password: str
    user_id: int
    api_token: str
    channel_id: int = 0
    stream_key: str = ""


class StackFailed(Exception):
    """The stack did not start, or left something behind."""


class Stack:
    """One running stack; use as a context manager. `settings` are MILLRACE_ variables without their prefix."""

    def __init__(self, *, keep: bool = False, **settings: str | float) -> None:
        first = free_block(PORTS_OF_A_STACK)
        self.port, self.rtmp_port = first, first + 5
        self.url = f"http://127.0.0.1:{self.port}"
        self.root = Path(tempfile.mkdtemp(prefix="millrace-stack-"))
        self.root.chmod(0o755)  # PostgreSQL drops root and must still reach its directory
        self.data = self.root / "data"
        self.log = self.root / "stack.log"
        self.live_edge = Path(f"/dev/shm/millrace-{self.port}")  # noqa: S108  the default of the settings
        own = {
            "PORT": self.port,
            "RTMP_PORT": self.rtmp_port,
            "IRC_PORT": first + 6,
            "TLS_PORT": first + 7,
            "HOOK_PORT": first + 8,
            "DATA": self.data,
        }
        foreign = [name for name in os.environ if name.startswith(("MILLRACE_", "DJANGO_"))]
        self.environment = {name: value for name, value in os.environ.items() if name not in foreign}
        self.environment |= {f"MILLRACE_{name}": str(value) for name, value in (own | settings).items()}
        self.http = httpx.Client(base_url=self.url, timeout=10)
        self._keep = keep
        self._runner: subprocess.Popen[bytes] | None = None

    def start(self) -> Self:
        if not self.data.exists():
            copy_prepared(self.data)
        with self.log.open("wb") as log:
            self._runner = subprocess.Popen(
                [sys.executable, "-m", "stack.run"],
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        deadline = time.monotonic() + START_SECONDS
        while not self.is_ready():
            if self._runner.poll() is not None or time.monotonic() > deadline:
                tail = self.log.read_text(errors="replace")[-3000:]
                self.stop()
                raise StackFailed(f"the stack did not get ready:\n{tail}")
            time.sleep(0.1)
        return self

    def is_ready(self) -> bool:
        try:
            return self.http.get("/healthz/ready").status_code == 200
        except httpx.HTTPError:
            return False

    def stop(self) -> list[Process]:
        """Stop as Ctrl-C does; returns the processes that outlived it, which are then killed."""
        self.http.close()
        ours = self.processes()
        assert self._runner
        if self._runner.poll() is None:
            self._runner.send_signal(signal.SIGINT)
        try:
            self._runner.wait(timeout=STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._runner.kill()
            self._runner.wait()
        left = [one for one in {*still_running(ours), *with_open_files_under(self.root)} if one.pid != os.getpid()]
        for process in left:
            process.kill()
        if not self._keep:
            shutil.rmtree(self.root, ignore_errors=True)
        return left

    def postgres_directory(self) -> str:
        """Where PostgreSQL's socket is."""
        return str(socket_directory(self.data / "postgres"))

    def redis_sockets(self) -> list[str]:
        """Of the Redis for jobs and chat, and of the one for the live edge."""
        return [str(socket_directory(self.data / name) / "redis.sock") for name in ("redis", "live-redis")]

    def playback_token(self, stream_id: str, *, expires_at: float | None = None, scope: Scope = Scope.LIVE) -> str:
        """Signed with this stack's own key, so that media can be asked for before anyone was told of it."""
        key = derive_key((self.data / "secret_key").read_text().strip(), "playback-token")
        return sign(key=key, stream_id=stream_id, expires_at=int(expires_at or time.time() + 3600), scope=scope)

    def processes(self, name: str = "") -> list[Process]:
        """Everything this stack runs, or what has `name` in its command line."""
        assert self._runner
        ours = descendants_of(self._runner.pid, all_processes())
        return [process for process in ours if name in process.command]

    def manage(self, *arguments: str) -> str:
        """The output of one management command."""
        command = [sys.executable, "manage.py", *arguments]
        done = subprocess.run(command, cwd=ROOT, env=self.environment, capture_output=True, text=True, timeout=60)
        if done.returncode:
            raise StackFailed(f"manage.py {arguments[0]}: {done.stderr[-2000:]}")
        return done.stdout

    def create_user(self, login: str, *, streamer: bool = False) -> Person:
        words = ["create_user", login, "--json", *(["--streamer"] if streamer else [])]
        return Person(**json.loads(self.manage(*words).strip().splitlines()[-1]))

    def create_users(self, logins: list[str], *, streamer: bool = False) -> list[Person]:
        """Many at the price of one start of Django, and of a password hash that need not be slow."""
        script = "from django.contrib.auth.hashers import Argon2PasswordHasher as Hasher\n"
        script += "Hasher.time_cost, Hasher.memory_cost, Hasher.parallelism = 1, 8, 1\n"
        script += "from django.core.management import call_command\n"
        script += f"for login in {logins!r}: call_command('create_user', login, json=True, streamer={streamer})"
        lines = [line for line in self.manage("shell", "-c", script).splitlines() if line.startswith("{")]
        return [Person(**json.loads(line)) for line in lines]

    def api(self, method: str, path: str, *, as_: Person | None = None, **request: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {as_.api_token}"} if as_ else {}
        return self.http.request(method, f"/api/v1{path}", headers=headers, **request)

    def __enter__(self) -> Self:
        return self if self._runner else self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        left = self.stop()
        if left and error is None:
            raise StackFailed(f"left running: {'; '.join(map(str, left))}")
