"""Where a process hears what Redis publishes: one connection to the one Redis, or one to each master of a cluster.

In a cluster a room's events are published on its shard only (`SPUBLISH`), so they cross no other master. Orders to all
gateways are published as before: a cluster passes them on to every master, and they are heard as long as one is there.
"""

import asyncio
import logging
import random
from collections.abc import Iterable
from contextlib import suppress
from typing import Any, Protocol, cast

from django.conf import settings
from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.asyncio.cluster import RedisCluster
from redis.exceptions import RedisClusterException, RedisError

from chat import redis_keys
from chat.limits import FEEDS_LOOK_SECONDS, RECONNECT_FIRST_SECONDS, RECONNECT_MAX_SECONDS, REDIS_COMMAND_SECONDS
from chat.redis_connections import Node, command_client, listen, new_client

log = logging.getLogger(__name__)
OUTAGE = (RedisError, OSError, asyncio.TimeoutError)


class Listener(Protocol):
    """Who hears what comes."""

    def take(self, name: bytes, data: bytes) -> None: ...

    def found(self) -> None:
        """A connection has come about."""

    def lost(self, names: Iterable[bytes]) -> None:
        """A connection has ended, or the shard has moved: these subscriptions are no more."""


class Feed:
    """One connection, made again for ever. What is subscribed to on it ends with it."""

    def __init__(self, client: Redis, listener: Listener, *, sharded: bool) -> None:
        self._client, self._listener, self._sharded = client, listener, sharded
        self._pubsub: PubSub | None = None
        self._ready = asyncio.Event()
        self._heard: set[bytes] = set()
        self._unconfirmed: dict[bytes, asyncio.Future[None]] = {}
        self._running = asyncio.create_task(self._stay_connected())

    @property
    def connected(self) -> bool:
        return self._pubsub is not None

    async def ready(self) -> None:
        """Wait for the connection."""
        await self._ready.wait()

    def hears(self, name: str) -> bool:
        """Whether a subscription holds."""
        return name.encode() in self._heard

    async def subscribe(self, name: str) -> None:
        """From its return on nothing is missed. Raises ConnectionError without a connection, and when that is lost."""
        pubsub, key = self._pubsub, name.encode()
        if pubsub is None:
            raise ConnectionError("not connected")
        confirmed = self._unconfirmed[key] = asyncio.get_running_loop().create_future()
        await (pubsub.ssubscribe(name) if self._sharded else pubsub.subscribe(name))
        await confirmed

    async def unsubscribe(self, name: str) -> None:
        self._heard.discard(name.encode())
        if self._pubsub is not None:
            with suppress(*OUTAGE):
                await (self._pubsub.sunsubscribe(name) if self._sharded else self._pubsub.unsubscribe(name))

    async def stop(self) -> None:
        self._running.cancel()
        await asyncio.gather(self._running, return_exceptions=True)
        with suppress(*OUTAGE):
            await self._client.aclose()

    async def _stay_connected(self) -> None:
        delay = RECONNECT_FIRST_SECONDS
        while True:
            pubsub = self._client.pubsub()
            try:
                await pubsub.subscribe(redis_keys.gateways_feed())
                await pubsub.get_message(timeout=REDIS_COMMAND_SECONDS)
                self._pubsub = pubsub
                self._ready.set()
                self._listener.found()
                delay = RECONNECT_FIRST_SECONDS
                await listen(pubsub, self._take)
            except OUTAGE as error:
                log.warning("Redis is away: %s", error or type(error).__name__)
            finally:
                self._lose()
                with suppress(*OUTAGE):
                    await pubsub.aclose()  # type: ignore[no-untyped-call]
            await asyncio.sleep(delay * random.uniform(0.5, 1.0))  # noqa: S311  jitter, not a secret
            delay = min(delay * 2, RECONNECT_MAX_SECONDS)

    def _take(self, message: dict[str, Any]) -> None:
        match message["type"]:
            case "message" | "smessage":
                self._listener.take(message["channel"], message["data"])
            case "subscribe" | "ssubscribe":
                self._confirm(message["channel"])
            case "sunsubscribe" if message["channel"] in self._heard:  # nobody asked for it: the shard has moved
                self._heard.discard(message["channel"])
                self._listener.lost([message["channel"]])

    def _confirm(self, name: bytes) -> None:
        waiting = self._unconfirmed.pop(name, None)
        if waiting is not None and not waiting.done():
            self._heard.add(name)
            waiting.set_result(None)

    def _lose(self) -> None:
        was_connected, self._pubsub = self._pubsub is not None, None
        self._ready.clear()
        for waiting in self._unconfirmed.values():
            if not waiting.done():
                waiting.set_exception(ConnectionError("lost before it was confirmed"))
        self._unconfirmed.clear()
        names, self._heard = self._heard, set()
        if was_connected:
            self._listener.lost(names)


class Feeds(Protocol):
    """All feeds of one process."""

    @property
    def connected(self) -> bool:
        """Whether anything is heard now."""

    def of(self, name: str) -> Feed | None:
        """The feed on which this name is published; None while nobody knows."""

    async def stop(self) -> None: ...


class OneRedis:
    """The usual case; a relay looks the same."""

    def __init__(self, listener: Listener) -> None:
        self._feed = Feed(new_client(connections=2, url=settings.CHAT_FEED_URL), listener, sharded=False)

    @property
    def connected(self) -> bool:
        return self._feed.connected

    def of(self, name: str) -> Feed | None:
        return self._feed

    async def stop(self) -> None:
        await self._feed.stop()


class Cluster:
    """A feed for each master. Who the masters are is asked again when one is lost, and now and then."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._cluster = cast(RedisCluster, command_client())  # commands find moved shards by the same looks
        self._feeds: dict[Node, Feed] = {}
        self._following = asyncio.create_task(self._follow())

    @property
    def connected(self) -> bool:
        return any(feed.connected for feed in self._feeds.values())

    def of(self, name: str) -> Feed | None:
        try:
            node = self._cluster.get_node_from_key(name)
        except (RedisClusterException, RedisError):
            return None
        return None if node is None else self._feeds.get((node.host, int(node.port)))

    async def stop(self) -> None:
        self._following.cancel()
        await asyncio.gather(self._following, return_exceptions=True)
        for feed in self._feeds.values():
            await feed.stop()

    async def _follow(self) -> None:
        """Look at the cluster, for ever: a look is one small question."""
        while True:
            try:
                await self._cluster.initialize()
                await self._cluster.nodes_manager.initialize()
                await self._have_feeds({(node.host, int(node.port)) for node in self._cluster.get_primaries()})
            except (RedisClusterException, *OUTAGE) as error:
                log.warning("The Redis cluster does not answer: %s", error or type(error).__name__)
            await asyncio.sleep(FEEDS_LOOK_SECONDS)

    async def _have_feeds(self, masters: set[Node]) -> None:
        for node in masters - self._feeds.keys():
            client = new_client(connections=2, url=settings.CHAT_REDIS_CLUSTER, node=node)
            self._feeds[node] = Feed(client, self._listener, sharded=True)
        for node in self._feeds.keys() - masters:  # its rooms are heard elsewhere from now on
            await self._feeds.pop(node).stop()


def feeds_of_process(listener: Listener) -> Feeds:
    """As the settings have it."""
    return Cluster(listener) if settings.CHAT_REDIS_CLUSTER else OneRedis(listener)
