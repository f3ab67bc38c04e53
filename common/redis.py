"""Connections to Redis: one pool per process for threads, one client per event loop for coroutines."""

import asyncio
from functools import lru_cache
from typing import Any
from weakref import WeakKeyDictionary

import redis
import redis.asyncio
from django.conf import settings

REPLY_SECONDS = 2.0  # Redis answers in well under a millisecond; a caller that waits longer is better off failing
SHARED_CONNECTIONS = 16  # of one event loop; its commands are short, and Redis takes one after the other anyway
TURN_SECONDS = 10.0  # thousands of coroutines may ask at once; the last of them waits for this at most
_OPTIONS: dict[str, Any] = {
    "decode_responses": True,
    "socket_timeout": REPLY_SECONDS,
    "socket_connect_timeout": REPLY_SECONDS,
}


def redis_client() -> redis.Redis:
    """The process's client for threads; strings come back as `str`."""
    return _client(settings.REDIS_URL)


@lru_cache(maxsize=4)
def _client(url: str) -> redis.Redis:
    return redis.Redis.from_url(url, **_OPTIONS)


_async_clients: "WeakKeyDictionary[asyncio.AbstractEventLoop, redis.asyncio.Redis]" = WeakKeyDictionary()


def async_redis_client() -> redis.asyncio.Redis:
    """The running event loop's client, shared by all its coroutines; not for subscriptions or blocking commands."""
    loop = asyncio.get_running_loop()
    client = _async_clients.get(loop)
    if client is None:
        # The plain pool refuses whoever finds all its connections taken. Here callers wait for their turn.
        pool = redis.asyncio.BlockingConnectionPool.from_url(
            settings.REDIS_URL, max_connections=SHARED_CONNECTIONS, timeout=TURN_SECONDS, **_OPTIONS
        )
        client = _async_clients[loop] = redis.asyncio.Redis.from_pool(pool)
    return client


def new_async_redis() -> redis.asyncio.Redis:
    """A new client for the running event loop; its owner closes it."""
    return redis.asyncio.Redis.from_url(settings.REDIS_URL, **_OPTIONS)
