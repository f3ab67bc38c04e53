"""The chat servers that are measured: our gateway, stock Channels, Nchan, and a C program as the physical limit.

Ours and stock have a Redis each; the two others work from their own memory, which flatters them.
"""

import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import django

ROOT = Path(__file__).resolve().parent.parent
NCHAN_MODULE = Path("/usr/lib/nginx/modules/ngx_nchan_module.so")
NCHAN_CONF = """
worker_processes 1;
master_process off;
daemon off;
pid {root}/nginx.pid;
error_log {root}/error.log;
load_module {module};
worker_rlimit_nofile 20000;
events {{ worker_connections 18000; }}
http {{
  access_log off;
  client_body_temp_path {root}/body; proxy_temp_path {root}/proxy; fastcgi_temp_path {root}/fastcgi;
  uwsgi_temp_path {root}/uwsgi; scgi_temp_path {root}/scgi;
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    location = /room {{ nchan_subscriber websocket; nchan_channel_id room; nchan_subscriber_first_message newest; }}
    location = /say {{ nchan_publisher websocket; nchan_channel_id room; nchan_message_buffer_length 100; }}
  }}
}}
"""
# Writers that stand for thousands, and whole delivery: a sample would be measured as speed.
AS_MEASURED = {"MILLRACE_CHAT_USER_RATE": "100000", "MILLRACE_CHAT_SHOWN_PER_SECOND": "0"}
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


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
    """One server: where readers connect, and writers with their tokens."""

    name: str
    url: str
    tokens: tuple[str | None, ...]
    pid: int
    writers_url: str = ""  # where it is another one


@contextmanager
def both_servers(*, writers: int) -> Iterator[tuple[Target, Target]]:
    """Ours and stock."""
    with our_server(writers=writers) as ours, stock_server(writers=writers) as stock:
        yield ours, stock


@contextmanager
def our_server(
    *,
    writers: int,
    application: str = "config.asgi_chat:application",
    environment: dict[str, str] | None = None,
) -> Iterator[Target]:
    """The gateway as in production, but for how much one user may say and others are shown."""
    with our_rooms(rooms=1, writers=writers, application=application, environment=environment) as rooms:
        yield rooms[0]


@contextmanager
def our_rooms(
    *,
    rooms: int,
    writers: int,
    application: str = "config.asgi_chat:application",
    environment: dict[str, str] | None = None,
) -> Iterator[list[Target]]:
    """Several rooms of one gateway, each with so many writers."""
    with ExitStack() as stack:
        stack.enter_context(temporary_database())
        redis = stack.enter_context(temporary_redis())
        environment = AS_MEASURED | (environment or {})
        gateway = GatewayProcess(redis.url, application=application, environment=environment)
        stack.callback(gateway.stop)
        made = [room_with_writers(number, writers) for number in range(rooms)]
        yield [Target("ours", gateway.url(room_id), tokens, gateway.pid) for room_id, tokens in made]


@dataclass(frozen=True)
class Room:
    """One room at several gateways. `relay_pid` is Redis' own where there is no relay."""

    gateways: list[Target]
    redis_pid: int
    relay_pid: int


Relay = Callable[[str], AbstractContextManager[tuple[str, int]]]


@contextmanager
def our_gateways(count: int, *, writers: int, before: Relay | None) -> Iterator[Room]:
    """`before`: starts a relay, given Redis' address; tells its own address and process."""
    with ExitStack() as stack:
        stack.enter_context(temporary_database())
        redis = stack.enter_context(temporary_redis())
        feed, relay_pid = stack.enter_context(before(redis.url)) if before else (redis.url, redis.pid)
        environment = AS_MEASURED | {"MILLRACE_CHAT_FEED_URL": feed}
        gateways = [GatewayProcess(redis.url, environment=environment) for _ in range(count)]
        for gateway in gateways:
            stack.callback(gateway.stop)
        room_id, tokens = room_with_writers(0, writers)
        targets = [Target("ours", gateway.url(room_id), tokens, gateway.pid) for gateway in gateways]
        yield Room(targets, redis.pid, relay_pid)


@contextmanager
def stock_server(*, writers: int) -> Iterator[Target]:
    """A chat as in the Channels tutorial, by Daphne."""
    port = free_port()
    with temporary_redis() as redis:
        argv = [sys.executable, "-m", "daphne", "-v", "0", "-b", "127.0.0.1", "-p", str(port)]
        environment = os.environ | {"BENCH_REDIS_URL": redis.url}
        with running([*argv, "bench.stock_chat:application"], port, environment) as pid:
            yield Target("stock", f"ws://127.0.0.1:{port}/room", (None,) * writers, pid)


@contextmanager
def reference_server(program: Path, *, writers: int) -> Iterator[Target]:
    """The C program: one send(2) a viewer and nothing else."""
    port = free_port()
    with running([str(program), str(port)], port, dict(os.environ)) as pid:
        yield Target("C reference", f"ws://127.0.0.1:{port}/", (None,) * writers, pid)


@contextmanager
def nchan_server(*, writers: int) -> Iterator[Target]:
    """nginx with Nchan, one process, messages in its memory."""
    if not NCHAN_MODULE.exists():
        raise SystemExit("Nchan is not here to compare with: apt-get install libnginx-mod-nchan")
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="millrace-nchan-") as directory:
        configuration = Path(directory) / "nginx.conf"
        configuration.write_text(NCHAN_CONF.format(root=directory, port=port, module=NCHAN_MODULE))
        argv = ["nginx", "-e", f"{directory}/error.log", "-p", directory, "-c", str(configuration)]
        with running(argv, port, dict(os.environ)) as pid:
            url = f"ws://127.0.0.1:{port}"
            yield Target("Nchan", f"{url}/room", (None,) * writers, pid, f"{url}/say")


@contextmanager
def temporary_database() -> Iterator[str]:
    """Its name."""
    name = connection.creation.create_test_db(verbosity=0, autoclobber=True)
    try:
        yield str(connection.settings_dict["NAME"])
    finally:
        connection.creation.destroy_test_db(name, verbosity=0)


@contextmanager
def temporary_redis() -> Iterator[PrivateRedis]:
    with tempfile.TemporaryDirectory() as directory:
        redis = PrivateRedis(Path(directory), durable=False)
        try:
            redis.start()
            yield redis
        finally:
            redis.kill()


@contextmanager
def running(argv: list[str], port: int, environment: dict[str, str]) -> Iterator[int]:
    process = subprocess.Popen(argv, cwd=ROOT, env=environment)
    try:
        wait_until(lambda: _listens(port), f"{argv[0]} to listen")
        yield process.pid
    finally:
        process.terminate()
        process.wait()


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def cpu_seconds(pid: int) -> float:
    """Processor time a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_SECOND


def resident_bytes(pid: int) -> int:
    """Its memory."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def room_with_writers(number: int, count: int) -> tuple[int, tuple[str, ...]]:
    from accounts.services import create_api_token, create_user
    from streaming.models import Channel

    room, _ = Channel.objects.get_or_create(owner=create_user(login=f"owner{number}"))
    users = [create_user(login=f"writer{number}x{writer}") for writer in range(count)]
    return room.pk, tuple(create_api_token(user=user, name="bench") for user in users)
