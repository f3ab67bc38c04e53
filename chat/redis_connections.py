"""This process's connections to Redis: one pool for commands, separate ones for subscriptions."""

import asyncio
from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary

from django.conf import settings
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.client import PubSub
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from chat.limits import REDIS_COMMAND_SECONDS, REDIS_CONNECTIONS, REDIS_PING_SECONDS

_clients: "WeakKeyDictionary[asyncio.AbstractEventLoop, Redis]" = WeakKeyDictionary()


def command_client() -> Redis:
    """The client of the running event loop for commands; it gives up after REDIS_COMMAND_SECONDS, without retrying."""
    loop = asyncio.get_running_loop()
    client = _clients.get(loop)
    if client is None:
        client = _clients[loop] = new_client(REDIS_CONNECTIONS)
    return client


def new_client(connections: int, *, url: str = "") -> Redis:
    """A client with its own pool. Nothing is retried here: whoever asks knows better what a retry means."""
    pool = BlockingConnectionPool.from_url(
        url or settings.REDIS_URL,
        max_connections=connections,
        timeout=REDIS_COMMAND_SECONDS,
        socket_timeout=REDIS_COMMAND_SECONDS,
        socket_connect_timeout=REDIS_COMMAND_SECONDS,
        retry=Retry(NoBackoff(), 0),
        protocol=2,  # what a relay speaks, and all that is needed
    )
    return Redis(connection_pool=pool)


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
