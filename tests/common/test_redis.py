"""The client that all coroutines of a process share."""

import asyncio

import pytest
from redis.exceptions import MaxConnectionsError

from common.redis import SHARED_CONNECTIONS, async_redis_client, new_async_redis

MANY = 500


async def test_many_coroutines_wait_for_their_turn() -> None:
    client = async_redis_client()
    await asyncio.gather(*(client.sadd("many", number) for number in range(MANY)))
    assert await client.scard("many") == MANY
    assert len(await client.client_list()) <= SHARED_CONNECTIONS + MANY // 10
    await client.aclose()


async def test_a_plain_client_refuses_them() -> None:
    """The control: what each of them would meet otherwise."""
    client = new_async_redis()
    with pytest.raises(MaxConnectionsError):
        await asyncio.gather(*(client.sadd("many", number) for number in range(MANY)))
    await client.aclose()
