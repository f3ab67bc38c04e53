"""Starts our gateway and the stock rival side by side, each with a Redis of its own, for the chat benchmarks."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import django

ROOT = Path(__file__).resolve().parent.parent


def run_again_beside_services() -> None:
    """Start the command anew with a private PostgreSQL and Redis, unless the environment names some already."""
    main = sys.modules["__main__"].__spec__
    if main is None or "MILLRACE_REDIS_URL" in os.environ:
        return
    python = sys.executable
    os.execv(python, [python, "-m", "stack.with_services", "--", python, "-m", main.name, *sys.argv[1:]])  # noqa: S606


run_again_beside_services()  # before settings are read
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.db import connection  # noqa: E402

from tests.chat.gateway_process import GatewayProcess, PrivateRedis, free_port, wait_until  # noqa: E402


@dataclass(frozen=True)
class Target:
    """One server: where a writer and a reader connect, and the writers' tokens."""

    name: str
    url: str
    tokens: tuple[str | None, ...]
    pid: int


@contextmanager
def both_servers(*, writers: int, core: int | None = None) -> Iterator[tuple[Target, Target]]:
    """Ours and stock. `core`: pin both servers there, so that a generator has the other cores."""
    name = connection.creation.create_test_db(verbosity=0, autoclobber=True)
    with tempfile.TemporaryDirectory() as directory:
        redises = [PrivateRedis(Path(directory) / which, durable=False) for which in ("ours", "stock")]
        gateway = daphne = None
        try:
            for redis_server in redises:
                redis_server.socket.parent.mkdir()
                redis_server.start()
            gateway = GatewayProcess(redises[0].url, environment={"MILLRACE_CHAT_USER_RATE": "100000"})
            port = free_port()
            daphne = _start_daphne(port, redises[1].url)
            pin(core, gateway.pid, daphne.pid)
            room_id, tokens = _room_with_writers(writers)
            yield (
                Target("ours", gateway.url(room_id), tokens, gateway.pid),
                Target("stock", f"ws://127.0.0.1:{port}/room", (None,) * writers, daphne.pid),
            )
        finally:
            if gateway is not None:
                gateway.stop()
            if daphne is not None:
                daphne.terminate()
                daphne.wait()
            for redis_server in redises:
                redis_server.kill()
            connection.creation.destroy_test_db(name, verbosity=0)


def pin(core: int | None, *pids: int) -> None:
    if core is None:
        return
    for pid in pids:
        for task in Path(f"/proc/{pid}/task").iterdir():
            os.sched_setaffinity(int(task.name), {core})


def _start_daphne(port: int, redis_url: str) -> "subprocess.Popen[bytes]":
    process = subprocess.Popen(
        [sys.executable, "-m", "daphne", "-v", "0", "-b", "127.0.0.1", "-p", str(port), "bench.stock_chat:application"],
        cwd=ROOT,
        env=os.environ | {"BENCH_REDIS_URL": redis_url},
    )
    wait_until(lambda: _listens(port), "Daphne to listen")
    return process


def _listens(port: int) -> bool:
    import socket

    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _room_with_writers(count: int) -> tuple[int, tuple[str, ...]]:
    from accounts.services import create_api_token, create_user
    from streaming.models import Channel

    room, _ = Channel.objects.get_or_create(owner=create_user(login="owner"))
    users = [create_user(login=f"writer{number}") for number in range(count)]
    return room.pk, tuple(create_api_token(user=user, name="bench") for user in users)
