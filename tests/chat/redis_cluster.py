"""A real Redis Cluster of three masters on loopback, in about two seconds."""

import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import redis
from redis.exceptions import MovedError

from tests.chat.gateway_process import free_port, wait_until

SLOTS = 16_384
MASTERS = 3


class Master:
    """One of them, which a test may kill. What is left of the cluster goes on without it."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir()
        self._directory = directory
        self.port, self.bus = free_port(), free_port()
        self.client = redis.Redis(port=self.port)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        options = {
            "--port": self.port,
            "--bind": "127.0.0.1",
            "--cluster-enabled": "yes",
            "--cluster-port": self.bus,
            "--cluster-node-timeout": 2000,
            "--cluster-require-full-coverage": "no",
            "--dir": self._directory,
            "--appendonly": "yes",
            "--appendfsync": "always",
            "--save": "",
            "--loglevel": "warning",
        }
        arguments = [str(word) for option in options.items() for word in option]
        self._process = subprocess.Popen(["redis-server", *arguments], stdout=subprocess.DEVNULL)
        wait_until(self._answers, "a master to answer")

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def holds(self, key: str) -> bool:
        """Whether the key's slot is there: others answer MOVED."""
        try:
            self.client.type(key)
        except MovedError:
            return False
        return True

    def cluster(self, *words: str | int) -> object:
        answer: object = self.client.execute_command("CLUSTER", *words)  # type: ignore[no-untyped-call]
        return answer

    def sees_the_whole(self) -> bool:
        state: Any = self.cluster("INFO")
        if isinstance(state, bytes):  # some versions of the client leave it as it came
            state = dict(line.split(":") for line in state.decode().split())
        # Slots are in order only where their master is not held for dead: for a while after its return it still is, and
        # should another one die then, too few are left to serve.
        everyone = int(state["cluster_known_nodes"]) == MASTERS and int(state["cluster_slots_ok"]) == SLOTS
        return everyone and state["cluster_state"] == "ok"

    def _answers(self) -> bool:
        try:
            return bool(self.client.ping())
        except redis.RedisError:
            return False


@contextmanager
def redis_cluster(directory: Path) -> Iterator[list[Master]]:
    with ExitStack() as stack:
        masters = [Master(directory / str(number)) for number in range(MASTERS)]
        for number, master in enumerate(masters):
            stack.callback(master.client.close)
            stack.callback(master.kill)
            master.start()
            master.cluster("SET-CONFIG-EPOCH", number + 1)
            master.cluster("ADDSLOTSRANGE", number * SLOTS // MASTERS, (number + 1) * SLOTS // MASTERS - 1)
            master.cluster("MEET", "127.0.0.1", masters[0].port, masters[0].bus)
        wait_until_whole(masters)
        yield masters


def wait_until_whole(masters: list[Master]) -> None:
    wait_until(lambda: all(master.sees_the_whole() for master in masters), "all masters to see each other")
