"""Killing the foreground process is no way to leave the rest of the stack behind."""

import os
import signal

import pytest

from bench.processes import still_running
from bench.stack import Stack
from tests.stack.process_watch import eventually


@pytest.mark.end_to_end
@pytest.mark.timeout(180)
@pytest.mark.parametrize("victim", ["stack.run", "supervisord"])
def test_nothing_is_left_when_the_runner_or_the_process_manager_is_killed(victim: str) -> None:
    stack = Stack().start()
    try:
        everything = stack.processes()
        assert len(everything) > 15
        [killed] = [process for process in everything if victim in process.command]
        os.kill(killed.pid, signal.SIGKILL)
        eventually(lambda: still_running(everything) == [], seconds=20)
    finally:
        stack.stop()
