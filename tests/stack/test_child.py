"""No process outlives the one that started it, and none has more rights than it needs."""

import os
import pwd
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from stack import nginx
from stack.services import CHILD, Program
from tests.stack.nginx_process import move_settings, wait_for_port
from tests.stack.process_watch import eventually, runs

STARTER = """
import subprocess, sys
child = subprocess.Popen(sys.argv[1:], start_new_session=True)
print(child.pid, flush=True)
child.wait()
"""
BOUND = [sys.executable, "-I", "-S", str(CHILD), "--signal", "KILL", "--"]


def start_below_a_starter(command: list[str]) -> tuple["subprocess.Popen[str]", int]:
    starter = subprocess.Popen([sys.executable, "-c", STARTER, *command], stdout=subprocess.PIPE, text=True)
    assert starter.stdout
    return starter, int(starter.stdout.readline())


def is_sleep(pid: int) -> bool:
    return Path(f"/proc/{pid}/comm").read_text() == "sleep\n"


def test_child_dies_when_its_starter_is_killed() -> None:
    starter, pid = start_below_a_starter([*BOUND, "sleep", "60"])
    eventually(lambda: is_sleep(pid))
    starter.kill()
    starter.wait()
    eventually(lambda: not runs(pid))


def test_process_without_the_binding_lives_on() -> None:
    """The control for the test above."""
    starter, pid = start_below_a_starter(["sleep", "60"])
    eventually(lambda: is_sleep(pid))
    starter.kill()
    starter.wait()
    try:
        assert runs(pid)
    finally:
        os.kill(pid, signal.SIGKILL)


@pytest.mark.skipif(os.getuid() != 0, reason="only root can drop to another user")
def test_binding_survives_the_change_of_user() -> None:
    command = [*BOUND[:-1], "--user", "nobody", "--", "sleep", "60"]
    starter, pid = start_below_a_starter(command)
    eventually(lambda: is_sleep(pid))
    assert os.stat(f"/proc/{pid}").st_uid == pwd.getpwnam("nobody").pw_uid
    starter.kill()
    starter.wait()
    eventually(lambda: not runs(pid))


@pytest.mark.skipif(os.getuid() != 0, reason="only root can drop to another user")
def test_opened_directory_is_usable_where_its_path_is_not(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    data = closed / "data"
    data.mkdir(parents=True)
    closed.chmod(0o700)
    nobody = pwd.getpwnam("nobody")
    os.chown(data, nobody.pw_uid, nobody.pw_gid)
    by_descriptor = [*BOUND[:-1], "--user", "nobody", "--cwd", "/", "--open", str(data), "--", "touch", "{open}/made"]
    by_path = [*BOUND[:-1], "--user", "nobody", "--cwd", "/", "--", "touch", str(data / "made-by-path")]
    assert subprocess.run(by_descriptor, check=False).returncode == 0
    assert subprocess.run(by_path, capture_output=True, check=False).returncode != 0
    assert os.listdir(data) == ["made"]


def test_killed_nginx_is_replaced_although_its_workers_hold_the_port(settings: Any, tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    move_settings(settings, tmp_path)
    prefix = nginx.write_config("ingest", nginx.ingest_values())
    command = ["nginx", "-p", str(prefix), "-c", "nginx.conf"]
    ingest = Program("ingest", command, child_options=nginx.child_options("ingest", prefix))
    first = subprocess.Popen(ingest.argv(), process_group=0)
    wait_for_port(settings.RTMP_PORT)
    workers = children_of(first.pid)
    first.kill()
    first.wait()
    assert workers
    assert all(runs(worker) for worker in workers)  # the trap that this is about
    second = subprocess.Popen(ingest.argv(), process_group=0)
    try:
        eventually(lambda: (prefix / "nginx.pid").read_text().strip() == str(second.pid))
        eventually(lambda: children_of(second.pid))
        assert not any(runs(worker) for worker in workers)
    finally:
        second.terminate()
        second.wait()


def children_of(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
