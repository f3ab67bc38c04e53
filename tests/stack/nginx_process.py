"""Our real nginx configurations, running on free ports in a directory of their own."""

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.free_ports import free_block
from stack import nginx
from stack.services import Program

DEADLINE_SECONDS = 10.0


def move_settings(settings: Any, directory: Path) -> None:
    """Point the settings that the configurations are made from at `directory` and at free ports."""
    first = free_block(7)
    settings.DATA_DIR = directory
    settings.MEDIA_ROOT = directory / "media"
    settings.STATIC_ROOT = directory / "static"
    settings.LIVE_EDGE_DIR = directory / "live"
    settings.INGEST_CONTROL_SOCKET = directory / "ingest" / "control.sock"
    settings.INGEST_HOOK_SECRET = "hook-secret-of-this-test"
    settings.PORT, settings.SITE_PORT, settings.CHAT_PORT, settings.ORIGIN_PORT = range(first, first + 4)
    settings.RTMP_PORT, settings.IRC_PORT, settings.INGEST_HOOK_PORT = first + 4, first + 5, first + 6


@contextmanager
def running_nginx(name: str, values: dict[str, str], port: int) -> Iterator[Path]:
    """Start the `ingest` or `edge` server; yields the file with everything that it prints."""
    prefix = nginx.write_config(name, values)
    nginx.check(name, prefix)
    log = prefix / "output.log"
    command = ["nginx", "-p", str(prefix), "-c", "nginx.conf"]
    program = Program(name, command, child_options=nginx.child_options(name, prefix))
    with log.open("wb") as output, subprocess.Popen(program.argv(), stdout=output, stderr=output) as process:
        try:
            wait_for_port(port)
            yield log
        finally:
            process.terminate()


def wait_for_port(port: int) -> None:
    """Return when somebody listens on `port`."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except ConnectionRefusedError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)
        else:
            return
