"""Runs one command beside a PostgreSQL and a Redis of its own, and stops both after it.

    python -m stack.with_services [--data DIR] -- COMMAND ARGUMENT…

Without --data everything lives in a temporary directory, without the cost of durability, and is removed afterwards.
"""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType

from common.socket_paths import socket_directory
from stack import services
from stack.errors import StackError
from stack.terminal import complain

STOP_SECONDS = 5.0


def main() -> int:
    """The command's exit status."""
    parser = argparse.ArgumentParser(prog="stack.with_services")
    parser.add_argument("--data", type=Path, help="keep everything in this directory")
    parser.add_argument("command", nargs="+", help="what to run")
    options = parser.parse_args()
    try:
        with _data_directory(options.data) as data, running(data, durable=options.data is not None):
            return _run(options.command, data)
    except StackError as error:
        complain(str(error))
        return 1


@contextmanager
def _data_directory(kept: Path | None) -> Iterator[Path]:
    if kept:
        yield kept.resolve()
        return
    directory = Path(tempfile.mkdtemp(prefix="millrace-"))
    try:
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)


@contextmanager
def running(data: Path, *, durable: bool) -> Iterator[None]:
    """PostgreSQL and Redis under `data`, up for the length of the block."""
    postgres_directory, redis_directory = data / "postgres", data / "redis"
    services.prepare_postgres(postgres_directory)
    services.prepare_redis(redis_directory)
    programs = [services.postgres(postgres_directory, durable=durable), services.redis(redis_directory)]
    (data / "logs").mkdir(exist_ok=True)
    with ExitStack() as stack:
        for program in programs:
            stack.enter_context(_process(program, data / "logs" / f"{program.name}.log"))
        services.wait_until_up(programs, data)
        yield


@contextmanager
def _process(program: services.Program, log: Path) -> Iterator[None]:
    with log.open("ab") as output:
        # Its own session: a Ctrl-C at the terminal is for the command, which still needs its database to clean up.
        process = subprocess.Popen(program.argv(), stdout=output, stderr=output, start_new_session=True)
    try:
        yield
    finally:
        process.send_signal(signal.Signals[f"SIG{program.stop_signal}"])
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _run(command: list[str], data: Path) -> int:
    environment = {
        **os.environ,
        "MILLRACE_DATA": str(data),
        "MILLRACE_DB_HOST": str(socket_directory(data / "postgres")),
        "MILLRACE_REDIS_URL": f"unix://{socket_directory(data / 'redis') / 'redis.sock'}?db=0",
    }
    with subprocess.Popen(command, env=environment) as process:

        def pass_on(signum: int, _frame: FrameType | None) -> None:
            process.send_signal(signum)

        signal.signal(signal.SIGTERM, pass_on)
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the terminal sends it to the command as well
        status = process.wait()
    return status if status >= 0 else 128 - status


if __name__ == "__main__":
    sys.exit(main())
