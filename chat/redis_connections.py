"""This process's connections to chat's Redis, one server or a cluster: for commands, for subscriptions, for threads."""

import asyncio
from collections.abc import Callable
from functools import lru_cache
from typing import Any, cast
from urllib.parse import urlsplit, urlunsplit
from weakref import WeakKeyDictionary

import redis
import redis.cluster
import redis.retry
from django.conf import settings
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.client import PubSub
from redis.asyncio.cluster import RedisCluster
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisClusterException

from chat import redis_keys
from chat.limits import (
    REDIS_CLUSTER_CONNECTIONS,
    REDIS_COMMAND_SECONDS,
    REDIS_CONNECTIONS,
    REDIS_LOG_SECONDS,
    REDIS_PING_SECONDS,
)
from common.redis import redis_client as common_client

_clients: "WeakKeyDictionary[asyncio.AbstractEventLoop, Redis]" = WeakKeyDictionary()
Node = tuple[str, int]  # host and port


class GatewayCluster(RedisCluster):
    """Whoever asks expects RedisError when Redis cannot answer; the library's own class for that is none."""

    async def initialize(
        self, additional_startup_nodes_info: Any = None, last_failed_node_name: str | None = None
    ) -> "GatewayCluster":
        """Once. After every lost connection the library asks the first master anew which commands there are, and hangs
        up on all masters when that one is away. Who they are is looked at in chat.feeds.
        """
        if not self.commands_parser.commands:
            await self.nodes_manager.initialize()
            await self._learn_commands()
        self._initialize = False
        return self

    async def _learn_commands(self) -> None:
        """From any master that answers."""
        error: Exception = redis.ConnectionError("no master is known")
        for node in self.get_primaries():
            try:
                await self.commands_parser.initialize(node)
            except (redis.RedisError, OSError) as failed:
                error = failed
            else:
                return
        raise error

    async def execute_command(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return await super().execute_command(*args, **kwargs)
        except RedisClusterException as error:
            raise redis.ConnectionError(str(error)) from error


class ThreadsCluster(redis.cluster.RedisCluster):
    """The same for threads."""

    def execute_command(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().execute_command(*args, **kwargs)  # type: ignore[no-untyped-call]
        except RedisClusterException as error:
            raise redis.ConnectionError(str(error)) from error


def command_client() -> Redis:
    """The client of the running event loop for commands; it gives up after REDIS_COMMAND_SECONDS, without retrying."""
    loop = asyncio.get_running_loop()
    client = _clients.get(loop)
    if client is None:
        client = _clients[loop] = _new_cluster() if settings.CHAT_REDIS_CLUSTER else new_client(REDIS_CONNECTIONS)
    return client


def new_client(connections: int, *, url: str = "", node: Node | None = None) -> Redis:
    """A client with its own pool. Nothing is retried here: whoever asks knows better what a retry means.

    `node`: this one instead of the one that the address names.
    """
    pool = BlockingConnectionPool.from_url(
        _at(url or settings.REDIS_URL, node),
        max_connections=connections,
        timeout=REDIS_COMMAND_SECONDS,
        socket_timeout=REDIS_COMMAND_SECONDS,
        socket_connect_timeout=REDIS_COMMAND_SECONDS,
        retry=Retry(NoBackoff(), 0),
        protocol=2,  # what a relay speaks, and all that is needed
    )
    return Redis(connection_pool=pool)


def _new_cluster() -> Redis:
    cluster = GatewayCluster.from_url(
        settings.CHAT_REDIS_CLUSTER,
        max_connections=REDIS_CLUSTER_CONNECTIONS,
        socket_timeout=REDIS_COMMAND_SECONDS,
        socket_connect_timeout=REDIS_COMMAND_SECONDS,
        retry=Retry(NoBackoff(), 0),
        protocol=2,
    )
    return cast(Redis, cluster)  # it has the same commands


def _at(url: str, node: Node | None) -> str:
    if node is None:
        return url
    parts = urlsplit(url)
    host = f"[{node[0]}]" if ":" in node[0] else node[0]
    return urlunsplit(parts._replace(netloc="".join((*parts.netloc.rpartition("@")[:2], f"{host}:{node[1]}"))))


def redis_client() -> redis.Redis:
    """The process's client for threads; strings come back as `str`. Raises RedisError when a cluster is away."""
    if settings.CHAT_REDIS_CLUSTER:
        return _threads_cluster(settings.CHAT_REDIS_CLUSTER, REDIS_COMMAND_SECONDS, text=True)
    return common_client()


def log_client() -> redis.Redis:
    """The log worker's: bytes as they are, and patience."""
    if settings.CHAT_REDIS_CLUSTER:
        return _threads_cluster(settings.CHAT_REDIS_CLUSTER, REDIS_LOG_SECONDS, text=False)
    return _log_client(settings.REDIS_URL)


@lru_cache(maxsize=1)
def _log_client(url: str) -> redis.Redis:
    return redis.Redis.from_url(url, socket_timeout=REDIS_LOG_SECONDS)


@lru_cache(maxsize=4)
def _threads_cluster(url: str, seconds: float, *, text: bool) -> redis.Redis:
    try:
        cluster = ThreadsCluster.from_url(
            url,
            decode_responses=text,
            socket_timeout=seconds,
            socket_connect_timeout=seconds,
            retry=redis.retry.Retry(NoBackoff(), 0),
        )
    except RedisClusterException as error:
        raise redis.ConnectionError(str(error)) from error
    return cast(redis.Redis, cluster)


def is_cluster(client: object) -> bool:
    return isinstance(client, RedisCluster | redis.cluster.RedisCluster)


def publish_to_room(room_id: int, text: str) -> None:
    """Tell the room something outside its order."""
    client, feed = redis_client(), redis_keys.room_feed(room_id)
    if is_cluster(client):
        client.spublish(feed, text)
    else:
        client.publish(feed, text)


async def listen(pubsub: PubSub, take: Callable[[dict[str, Any]], None]) -> None:
    """Deliver until Redis goes away. A connection that does not even answer a ping is as good as gone."""
    asked = False
    while True:
        message = await pubsub.get_message(timeout=REDIS_PING_SECONDS)
        if message is not None:
            asked = False
            take(message)
        elif asked:
            raise TimeoutError("no answer to a ping")
        else:
            asked = True
            await pubsub.ping()
