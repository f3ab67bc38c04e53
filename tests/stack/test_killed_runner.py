"""Killing the foreground process is no way to leave the rest of the stack behind."""

import os
import signal
from concurrent.futures import ThreadPoolExecutor

import pytest

from bench.processes import still_running
from bench.stack import Stack
from tests.stack.process_watch import eventually


@pytest.mark.timeout(180)
def test_nothing_is_left_when_the_runner_or_the_process_manager_is_killed() -> None:
    with ThreadPoolExecutor(2) as threads:
        for checked in [threads.submit(check_nothing_is_left, victim) for victim in ("stack.run", "supervisord")]:
            checked.result()


def check_nothing_is_left(victim: str) -> None:
    stack = Stack().start()
    try:
        everything = stack.processes()
        assert len(everything) > 15
        [killed] = [process for process in everything if victim in process.command]
        os.kill(killed.pid, signal.SIGKILL)
        eventually(lambda: still_running(everything) == [], seconds=20)
    finally:
        stack.stop()
