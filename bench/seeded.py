"""A made-up site's database with PostgreSQL and Redis running, and nothing else: kept in var/bench for the next run."""

import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.free_ports import free_block
from bench.report import KEPT
from common.socket_paths import socket_directory
from stack.with_services import running

ROOT = Path(__file__).parents[1]
MADE_FROM = ("vod/seeding/*.py", "vod/management/commands/seed.py")
SEED = "1"
SITE_SECONDS = 60


@contextmanager
def seeded(scale: float) -> Iterator[dict[str, str]]:
    """The environment of a process that uses it; seeds it first where there is none, or one of other rows."""
    data = KEPT / f"seeded-{scale:g}"
    data.mkdir(parents=True, exist_ok=True)
    data.chmod(0o755)  # PostgreSQL drops root and must still reach its directory
    with running(data, durable=False):
        environment = {name: value for name, value in os.environ.items() if not name.startswith("MILLRACE_")}
        environment |= {
            "MILLRACE_DATA": str(data),
            "MILLRACE_PORT": str(free_block(10)),
            "MILLRACE_DB_HOST": str(socket_directory(data / "postgres")),
            "MILLRACE_REDIS_URL": f"unix://{socket_directory(data / 'redis') / 'redis.sock'}?db=0",
            "MILLRACE_LOG_LEVEL": "ERROR",
        }
        manage(environment, "migrate", "--no-input", "-v0")
        manage(environment, "collectstatic", "--no-input", "-v0")
        _seed(environment, scale, data / "seeded-from")
        yield environment


def manage(environment: dict[str, str], *arguments: str) -> None:
    run(environment, "manage.py", *arguments)


def run(environment: dict[str, str], *arguments: str) -> None:
    """A Python program that shows what it says as it says it."""
    subprocess.run([sys.executable, *arguments], cwd=ROOT, env=environment, check=True)


def _seed(environment: dict[str, str], scale: float, stamp: Path) -> None:
    digest = hashlib.sha256()
    for file in sorted(path for pattern in MADE_FROM for path in ROOT.glob(pattern)):
        digest.update(file.read_bytes())
    if stamp.exists() and stamp.read_text() == digest.hexdigest():
        return
    began = time.monotonic()
    manage(environment, "flush", "--no-input", "-v0")
    manage(environment, "seed", "--scale", f"{scale:g}", "--seed", SEED)
    print(f"seeded in {time.monotonic() - began:.0f} s")
    stamp.write_text(digest.hexdigest())


@contextmanager
def site(environment: dict[str, str], settings: str) -> Iterator[int]:
    """The site's process as the Procfile starts it, with these settings; its port."""
    port = int(environment["MILLRACE_PORT"]) + 1
    argv = [sys.executable, "-m", "daphne", "--bind", "127.0.0.1", "--port", str(port), "--server-name", "site"]
    argv += ["--application-close-timeout", "2", "--verbosity", "0", "config.asgi:application"]
    process = subprocess.Popen(argv, cwd=ROOT, env=environment | {"DJANGO_SETTINGS_MODULE": settings})
    try:
        _wait_for(port, process)
        yield port
    finally:
        process.terminate()
        process.wait(10)


def _wait_for(port: int, process: "subprocess.Popen[bytes]") -> None:
    import http.client

    deadline = time.monotonic() + SITE_SECONDS
    while True:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", "/healthz/ready")
            connection.getresponse().read()
            connection.close()
            return
        except OSError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise
            time.sleep(0.1)
