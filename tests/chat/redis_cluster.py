"""A real Redis Cluster of three masters on loopback, in about two seconds."""

import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import redis

from tests.chat.gateway_process import free_port, wait_until

SLOTS = 16_384
MASTERS = 3


@contextmanager
def redis_cluster(directory: Path) -> Iterator[list[redis.Redis]]:
    """A client for each master."""
    with ExitStack() as stack:
        nodes = [stack.enter_context(_node(directory / str(number))) for number in range(MASTERS)]
        for number, (client, _, _) in enumerate(nodes):
            _run(client, "SET-CONFIG-EPOCH", number + 1)
            first, end = number * SLOTS // MASTERS, (number + 1) * SLOTS // MASTERS
            _run(client, "ADDSLOTSRANGE", first, end - 1)
            _, port, bus = nodes[0]
            _run(client, "MEET", "127.0.0.1", port, bus)
        clients = [client for client, _, _ in nodes]
        wait_until(lambda: all(_is_whole(client) for client in clients), "the cluster to form")
        yield clients


@contextmanager
def _node(directory: Path) -> Iterator[tuple[redis.Redis, int, int]]:
    directory.mkdir()
    port, bus = free_port(), free_port()
    options = {
        "--port": port,
        "--bind": "127.0.0.1",
        "--cluster-enabled": "yes",
        "--cluster-port": bus,
        "--cluster-node-timeout": 2000,
        "--dir": directory,
        "--save": "",
        "--loglevel": "warning",
    }
    arguments = [str(word) for option in options.items() for word in option]
    process = subprocess.Popen(["redis-server", *arguments], stdout=subprocess.DEVNULL)
    client = redis.Redis(port=port)
    try:
        wait_until(lambda: _answers(client), "a node to answer")
        yield client, port, bus
    finally:
        client.close()
        process.kill()
        process.wait()


def _answers(client: redis.Redis) -> bool:
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False


def _is_whole(client: redis.Redis) -> bool:
    state: Any = _run(client, "INFO")
    if isinstance(state, bytes):  # some versions of the client leave it as it came
        state = dict(line.split(":") for line in state.decode().split())
    return state["cluster_state"] == "ok" and int(state["cluster_known_nodes"]) == MASTERS


def _run(client: redis.Redis, *words: str | int) -> object:
    answer: object = client.execute_command("CLUSTER", *words)  # type: ignore[no-untyped-call]
    return answer
