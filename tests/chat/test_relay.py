"""One subscription per node: what a relay passes on, and that nothing is lost when it or Redis goes away."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from chat import redis_keys
from chat.relay import push
from tests.chat.chat_client import ChatClient
from tests.chat.conftest import Cast
from tests.chat.gateway_process import GatewayProcess, PrivateRedis, wait_until


class RelayProcess:
    """`./manage.py relay_chat`."""

    def __init__(self, redis_url: str, path: Path) -> None:
        self.url = f"unix://{path}"
        self._path, self._environment = path, os.environ | {"MILLRACE_REDIS_URL": redis_url}
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        argv = [sys.executable, "manage.py", "relay_chat", "--socket", str(self._path)]
        self._process = subprocess.Popen(argv, env=self._environment)
        try:
            wait_until(self._serves, "the relay to listen")
        except BaseException:
            self.stop(signal.SIGKILL)
            raise

    def stop(self, signum: int = signal.SIGTERM) -> None:
        if self._process is not None:
            self._process.send_signal(signum)
            self._process.wait(10)
            self._process = None

    def _serves(self) -> bool:
        client = redis.Redis.from_url(self.url, protocol=2, socket_timeout=1)
        try:
            return bool(client.ping())
        except redis.RedisError:
            return False
        finally:
            client.close()


@pytest.fixture
def relay(private_redis: PrivateRedis, tmp_path: Path) -> Iterator[RelayProcess]:
    process = RelayProcess(private_redis.url, tmp_path / "relay.sock")
    process.start()
    yield process
    process.stop()


@pytest.fixture
def gateways(relay: RelayProcess, private_redis: PrivateRedis) -> Iterator[list[GatewayProcess]]:
    environment = {"MILLRACE_CHAT_FEED_URL": relay.url}
    started = [GatewayProcess(private_redis.url, environment=environment) for _ in range(2)]
    yield started
    for one in started:
        one.stop()


def subscribers(room_redis: redis.Redis, room_id: int) -> int:
    [(_, count)] = room_redis.pubsub_numsub(redis_keys.room_feed(room_id))
    return int(count)


async def test_gateways_behind_a_relay_share_one_subscription_and_lose_nothing_when_it_is_killed(
    gateways: list[GatewayProcess], relay: RelayProcess, room_redis: redis.Redis, cast: Cast
) -> None:
    urls = [one.url(cast.room_id) for one in gateways]
    async with ChatClient(urls[0], token=cast.bob_token) as bob, ChatClient(urls[1]) as reader:
        assert (await bob.said("through the relay"))["type"] == "ack"
        await reader.wait_for("message", text="through the relay")
        assert subscribers(room_redis, cast.room_id) == 1

        relay.stop(signal.SIGKILL)
        await reader.wait_for("status", connected=False)
        assert (await bob.said("while it is away"))["type"] == "ack"
        relay.start()
        await reader.wait_for("message", text="while it is away")
        await reader.wait_for("status", connected=True)
        assert [text for _, text in reader.messages()] == ["through the relay", "while it is away"]


def test_relay_confirms_passes_on_and_answers_what_it_does_not_know(
    relay: RelayProcess, room_redis: redis.Redis
) -> None:
    client = redis.Redis.from_url(relay.url, protocol=2, socket_timeout=5)
    with pytest.raises(redis.ResponseError, match="this is a relay"):
        client.get("anything")
    feed = client.pubsub()  # type: ignore[no-untyped-call]
    feed.subscribe("room")
    assert feed.get_message(timeout=5)["type"] == "subscribe"
    assert room_redis.publish("room", b"1:\r\n$bytes") == 1
    assert feed.get_message(timeout=5)["data"] == b"1:\r\n$bytes"
    feed.unsubscribe("room")
    assert feed.get_message(timeout=5)["type"] == "unsubscribe"
    wait_until(lambda: room_redis.publish("room", "nobody hears") == 0, "the relay to unsubscribe")
    feed.close()
    client.close()


def test_relay_hangs_up_on_who_speaks_nonsense(relay: RelayProcess) -> None:
    client = redis.Redis.from_url(relay.url, protocol=2, socket_timeout=5)
    connection = client.connection_pool.get_connection()
    connection.send_packed_command([b"GET / HTTP/1.1\r\n\r\n"])  # type: ignore[no-untyped-call]
    with pytest.raises((redis.ConnectionError, ConnectionResetError)):
        connection.read_response()
    client.close()


def test_pushes_are_resp2_arrays() -> None:
    assert push(b"subscribe", b"room", 1) == b"*3\r\n$9\r\nsubscribe\r\n$4\r\nroom\r\n:1\r\n"
