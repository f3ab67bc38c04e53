"""The stack's own PostgreSQL cluster and Redis: private data, Unix sockets only, no TCP."""

import hashlib
import os
import pwd
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings

from common.socket_paths import make_short_link, socket_directory
from stack.errors import StackError

CHILD = Path(__file__).with_name("child.py")
POSTGRES_PORT = 5432  # only part of the socket's file name
DATABASE = OWNER = "millrace"
START_SECONDS = 30.0
POLL_SECONDS = 0.03


@dataclass(frozen=True)
class Program:
    """One process to supervise: what to run and which signal stops it."""

    name: str
    command: list[str]
    stop_signal: str = "TERM"
    child_options: list[str] = field(default_factory=list)

    def argv(self) -> list[str]:
        """The command behind stack/child.py, which binds it to its starter's life."""
        child = [sys.executable, "-I", "-S", str(CHILD), "--signal", self.stop_signal, *self.child_options]
        return [*child, "--", *self.command]


def unprivileged(user: str) -> str | None:
    """The user that a service of a root-started stack drops to; None when there is nothing to drop or no such user."""
    if os.getuid() != 0:
        return None
    try:
        return pwd.getpwnam(user).pw_name
    except KeyError:
        return None


def own(directory: Path, user: str | None) -> Path:
    """Make `directory` private to `user`."""
    directory.mkdir(parents=True, exist_ok=True)
    directory.chmod(0o700)
    if user:
        entry = pwd.getpwnam(user)
        os.chown(directory, entry.pw_uid, entry.pw_gid)
    make_short_link(directory)
    return directory


# --- PostgreSQL


def prepare_postgres(directory: Path) -> None:
    """Create the cluster unless it is there. Trusts whoever reaches its socket: the directory is 0700."""
    user = _postgres_user()
    own(directory, user)
    if (directory / "PG_VERSION").exists():
        return
    initdb = Program(
        "initdb",
        [_postgres_binary("initdb", directory), "-D", "{open}", "-U", OWNER, "--auth=trust", "--encoding=UTF8",
         "--locale=C.UTF-8", "--no-instructions"],
        child_options=_in_directory(directory, user),
    )  # fmt: skip
    done = subprocess.run(initdb.argv(), capture_output=True, text=True, check=False)
    if done.returncode != 0:
        last_line = (done.stderr.strip() or done.stdout.strip() or "no reason given").splitlines()[-1]
        shutil.rmtree(directory, ignore_errors=True)
        raise StackError(f"PostgreSQL could not create its cluster in {directory}: {last_line}")


def postgres(directory: Path, *, durable: bool = True) -> Program:
    """The server. Statements never reach its log: they may hold what people typed."""
    options = {
        "listen_addresses": "",
        "unix_socket_directories": ".",  # the data directory itself, however long its path
        "port": str(POSTGRES_PORT),
        "max_connections": "200",
        "log_min_error_statement": "panic",
        "log_timezone": "UTC",
        **({} if durable else {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}),
    }
    words = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
    command = [_postgres_binary("postgres", directory), "-D", "{open}", *words]
    return Program("postgres", command, "INT", _in_directory(directory, _postgres_user()))


def _postgres_user() -> str | None:
    user = unprivileged("postgres")
    if os.getuid() == 0 and user is None:
        raise StackError(
            "PostgreSQL does not run as root and there is no user `postgres`: install the package postgresql."
        )
    return user


def _in_directory(directory: Path, user: str | None) -> list[str]:
    return ["--open", str(directory), "--cwd", "/", *(["--user", user] if user else [])]


def _postgres_binary(name: str, directory: Path) -> str:
    """The binary of the version that made the cluster, else of the newest version here."""
    version_file = directory / "PG_VERSION"
    wanted = version_file.read_text().strip() if version_file.exists() else None
    found = {
        int(match[1]): path
        for path in Path("/usr/lib/postgresql").glob(f"*/bin/{name}")
        if (match := re.search(r"/(\d+)/bin/", str(path)))
    }
    if wanted and found and int(wanted) not in found:
        raise StackError(
            f"The database in {directory} was made by PostgreSQL {wanted}, which is not installed: "
            f"install postgresql-{wanted}, or move the directory away to begin anew."
        )
    binary = found.get(int(wanted) if wanted else max(found, default=0)) or shutil.which(name)
    if binary is None:
        raise StackError("PostgreSQL is not installed: `make run` installs it, or install the package postgresql.")
    return str(binary)


# --- Redis

REDIS_OPTIONS = {
    "port": "0",
    "unixsocket": "redis.sock",  # relative paths keep it short however deep the directory lies
    "unixsocketperm": "700",
    "dir": "./",
    "appendonly": "yes",
    "appendfsync": "everysec",
    "save": "",
    "maxmemory-policy": "noeviction",
    "lazyfree-lazy-expire": "yes",  # a million viewers' names go in the background, not while all chat waits
    "lazyfree-lazy-user-del": "yes",
    "loglevel": "warning",
}
# Live media's Redis holds a minute of video and nothing that must survive: writing it to disk would only wear it out.
LIVE_REDIS_OPTIONS = {
    **REDIS_OPTIONS,
    "appendonly": "no",
    "maxmemory": "2gb",
    "maxmemory-policy": "volatile-ttl",  # the parts that would expire first go first
}


def prepare_redis(directory: Path) -> None:
    """Make the directory."""
    own(directory, unprivileged("redis"))


def redis(directory: Path, *, name: str = "redis", server_options: Mapping[str, str] = REDIS_OPTIONS) -> Program:
    """A server. It gets options, not a file: it would open that by a path that its user may not walk."""
    user = unprivileged("redis")
    options = ["--cwd", str(directory), *(["--user", user] if user else [])]
    words = [word for option, value in server_options.items() for word in (f"--{option}", value)]
    return Program(name, [_redis_binary(), *words], "TERM", options)


def _redis_binary() -> str:
    binary = shutil.which("redis-server")
    if binary is None:
        raise StackError("Redis is not installed: `make run` installs it, or install the package redis-server.")
    return binary


def _live_redis(directory: Path) -> Program:
    """Live media's; with MILLRACE_LIVE_REDIS_LISTEN it also answers edges on other machines, by password only."""
    prepare_redis(directory)
    options = dict(LIVE_REDIS_OPTIONS)
    if settings.LIVE_REDIS_LISTEN:
        host, _, port = settings.LIVE_REDIS_LISTEN.rpartition(":")
        if not (host and port.isdigit() and settings.LIVE_REDIS_PASSWORD):
            raise StackError(
                "MILLRACE_LIVE_REDIS_LISTEN must be an address and a port, like 10.0.0.1:6380, and needs "
                "MILLRACE_LIVE_REDIS_PASSWORD."
            )
        options |= {"bind": host.strip("[]"), "port": port}
    if settings.LIVE_REDIS_PASSWORD:
        # A file, as options show in the list of processes; by a hash, as files get copied.
        digest = hashlib.sha256(settings.LIVE_REDIS_PASSWORD.encode()).hexdigest()
        (directory / "users.acl").write_text(f"user default on #{digest} ~* &* +@all\n")
        options["aclfile"] = "users.acl"
    return redis(directory, name="live-redis", server_options=options)


# --- All of them


def runs_here(name: str) -> bool:
    """Whether this machine's part of the installation includes a process."""
    return not settings.PROCESSES or name in settings.PROCESSES


def own_services(data: Path, environment: Mapping[str, str]) -> list[Program]:
    """Those that the operator has not brought himself, prepared and ready to start."""
    programs = []
    if "MILLRACE_DB_HOST" not in environment and runs_here("postgres"):
        prepare_postgres(data / "postgres")
        programs.append(postgres(data / "postgres"))
    if "MILLRACE_REDIS_URL" not in environment:
        if runs_here("redis"):
            prepare_redis(data / "redis")
            programs.append(redis(data / "redis"))
        if "MILLRACE_LIVE_REDIS_URL" not in environment and runs_here("live-redis"):
            programs.append(_live_redis(data / "live-redis"))
    return programs


def wait_until_up(programs: list[Program], data: Path, between: Callable[[], None] = lambda: None) -> None:
    """Return when all `programs` answer and the database exists; `between` tries, do that."""
    deadline = time.monotonic() + START_SECONDS
    for program in programs:
        answers = _postgres_answers if program.name == "postgres" else _redis_answers
        while not answers(data / program.name):
            if time.monotonic() > deadline:
                raise StackError(
                    f"{program.name} did not come up within {START_SECONDS:.0f} s; "
                    f"{data}/logs/{program.name}.log says why."
                )
            between()
            time.sleep(POLL_SECONDS)


def _postgres_answers(directory: Path) -> bool:
    import psycopg

    try:
        ensure_database(directory)
    except psycopg.OperationalError:
        return False
    return True


def ensure_database(postgres_directory: Path) -> None:
    """Create the database unless it exists."""
    import psycopg

    host = str(socket_directory(postgres_directory))
    with psycopg.connect(host=host, port=POSTGRES_PORT, user=OWNER, dbname="postgres", autocommit=True) as connection:
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
            connection.execute(f"CREATE DATABASE {DATABASE}")


def _redis_answers(directory: Path) -> bool:
    try:
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(1)
            client.connect(str(socket_directory(directory) / "redis.sock"))
            client.sendall(b"PING\r\n")
            return client.recv(5) in {b"+PONG", b"-NOAU"}  # it has a password, which is no news here
    except OSError:
        return False
