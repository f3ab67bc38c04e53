"""A machine that runs only some of the processes, and the live Redis that answers such machines."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from bench.free_ports import free_ports
from common.socket_paths import socket_directory
from stack import plan, services
from stack.errors import StackError
from stack.run import Stack
from tests.stack.nginx_process import move_settings, wait_for_port

PASSWORD = "of the live Redis"
OWN_SERVICES = ("MILLRACE_DB_HOST", "MILLRACE_REDIS_URL", "MILLRACE_LIVE_REDIS_URL")


@pytest.fixture
def here(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Settings of a machine that brings its own PostgreSQL and Redis."""
    move_settings(settings, tmp_path)
    for name in OWN_SERVICES:
        monkeypatch.delenv(name, raising=False)
    for name in plan._filled_in():  # `make_plan` sets them for the Procfile: put back afterwards
        monkeypatch.setenv(name, os.environ.get(name, ""))
    return settings


def planned() -> dict[str, list[str]]:
    return {group: [program.name for program in programs] for group, programs in plan.make_plan(demo=False).items()}


def test_an_edge_machine_runs_nginx_and_an_origin_and_keeps_nothing(here: Any) -> None:
    here.PROCESSES = ["edge", "origin"]
    assert planned() == {"app": ["origin"], "doors": ["edge"]}
    assert not (here.DATA_DIR / "ingest").exists()
    assert Stack(here)._health() == f"http://127.0.0.1:{here.ORIGIN_PORT}/healthz/live"


def test_a_machine_of_encoders_has_no_door_and_nobody_to_ask_for_its_health(here: Any) -> None:
    here.PROCESSES = ["live-1"]
    assert planned() == {"app": ["live-1"]}
    assert Stack(here)._health() == ""


def test_without_a_choice_everything_runs_but_what_the_operator_brought(
    here: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MILLRACE_DB_HOST", "db.example")
    groups = planned()
    assert groups["state"] == ["redis", "live-redis"]
    assert set(groups["doors"]) == {"ingest", "edge"}
    assert {"site", "chat", "origin", "live-1"} <= set(groups["app"])
    assert Stack(here)._health() == f"http://127.0.0.1:{here.PORT}/healthz/ready"


def test_a_process_that_does_not_exist_is_named(here: Any) -> None:
    here.PROCESSES = ["edge", "orign"]
    with pytest.raises(StackError, match=r"MILLRACE_PROCESSES names orign, which is none of .*origin"):
        plan.make_plan(demo=False)


# --- The live Redis that edges ask


@pytest.fixture
def listening(here: Any) -> Iterator[str]:
    """Its address, while it runs."""
    [port] = free_ports(1)
    here.PROCESSES = ["live-redis"]
    here.LIVE_REDIS_LISTEN, here.LIVE_REDIS_PASSWORD = f"127.0.0.1:{port}", PASSWORD
    [program] = services.own_services(here.DATA_DIR, {})
    with subprocess.Popen(program.argv(), stdout=subprocess.DEVNULL) as process:
        try:
            services.wait_until_up([program], here.DATA_DIR)
            wait_for_port(port)
            yield f"127.0.0.1:{port}"
        finally:
            process.terminate()


def test_live_redis_answers_edges_that_know_the_password(listening: str, here: Any) -> None:
    host, _, port = listening.partition(":")
    with redis.Redis(host, int(port), password=PASSWORD) as edge:
        assert edge.set("a part", b"bytes")
    for password in (None, "guessed"):
        stranger = redis.Redis(host, int(port), password=password, retry=Retry(NoBackoff(), 0))
        with stranger, pytest.raises(redis.AuthenticationError):
            stranger.get("a part")
    socket = socket_directory(here.DATA_DIR / "live-redis") / "redis.sock"
    with redis.Redis(unix_socket_path=str(socket), password=PASSWORD) as main:
        assert main.get("a part") == b"bytes"


def test_password_of_the_live_redis_is_in_no_list_of_processes_and_no_file(listening: str, here: Any) -> None:
    [program] = services.own_services(here.DATA_DIR, {})
    assert not any(PASSWORD in word for word in program.argv())
    files = [path for path in (here.DATA_DIR / "live-redis").iterdir() if path.is_file()]
    assert files
    assert not any(PASSWORD.encode() in path.read_bytes() for path in files)


@pytest.mark.parametrize(
    ("listen", "password"), [("10.0.0.1:6380", ""), ("6380", PASSWORD), ("10.0.0.1:redis", PASSWORD)]
)
def test_live_redis_is_not_opened_without_password_or_address(here: Any, listen: str, password: str) -> None:
    here.PROCESSES = ["live-redis"]
    here.LIVE_REDIS_LISTEN, here.LIVE_REDIS_PASSWORD = listen, password
    with pytest.raises(StackError, match="MILLRACE_LIVE_REDIS_LISTEN must be an address and a port"):
        services.own_services(here.DATA_DIR, {})
