"""Who works on a broadcast: one worker, never two; a stopped one finds out."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from redis import asyncio as aioredis
from redis.exceptions import ConnectionError as RedisConnectionError

from tests.transcode.live_services import PrivateRedis
from tests.transcode.test_packager import Show
from transcode import redis_keys
from transcode.errors import LeaseLost
from transcode.lease import Lease
from transcode.limits import LEASE_MS
from transcode.live_state import LiveState
from transcode.live_store import LiveStore


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[PrivateRedis]:
    store = PrivateRedis(tmp_path)
    store.start()
    yield store
    store.stop()


@pytest.fixture
async def redis(store: PrivateRedis) -> AsyncIterator["aioredis.Redis"]:
    client = aioredis.Redis.from_url(store.url)
    yield client
    await client.aclose()


@pytest.fixture
def stream_id() -> str:
    return secrets.token_hex(12)


async def test_of_many_workers_one_gets_the_lease(redis: "aioredis.Redis", stream_id: str) -> None:
    got = await asyncio.gather(*(Lease(redis, stream_id).acquire() for _ in range(30)))

    assert sum(got) == 1


async def test_broadcasts_do_not_share_leases(redis: "aioredis.Redis") -> None:
    assert await Lease(redis, "a" * 24).acquire()
    assert await Lease(redis, "b" * 24).acquire()


async def test_released_lease_is_free_at_once(redis: "aioredis.Redis", stream_id: str) -> None:
    first, second = Lease(redis, stream_id), Lease(redis, stream_id)
    await first.acquire()
    await first.release()

    assert await second.acquire()


async def test_dead_workers_lease_is_free_after_its_time(redis: "aioredis.Redis", stream_id: str) -> None:
    first, second = Lease(redis, stream_id), Lease(redis, stream_id)
    await first.acquire()
    assert LEASE_MS - 500 < await redis.pttl(redis_keys.lease_key(stream_id)) <= LEASE_MS
    assert not await second.acquire()
    await redis.pexpire(redis_keys.lease_key(stream_id), 30)
    await asyncio.sleep(0.06)

    assert await second.acquire()


async def test_renewing_keeps_it(redis: "aioredis.Redis", stream_id: str) -> None:
    lease = Lease(redis, stream_id)
    await lease.acquire()
    await redis.pexpire(redis_keys.lease_key(stream_id), 300)
    await lease.renew()

    assert await redis.pttl(redis_keys.lease_key(stream_id)) > 1_000
    assert not await Lease(redis, stream_id).acquire()


async def test_zombie_learns_that_another_worker_took_over_and_cannot_harm_it(
    redis: "aioredis.Redis", stream_id: str
) -> None:
    zombie, heir = Lease(redis, stream_id), Lease(redis, stream_id)
    await zombie.acquire()
    await redis.delete(redis_keys.lease_key(stream_id))  # it slept for longer than the lease lasts
    await heir.acquire()
    await redis.pexpire(redis_keys.lease_key(stream_id), 900)

    for _ in range(2):
        with pytest.raises(LeaseLost):
            await zombie.renew()
    await zombie.release()

    assert 0 < await redis.pttl(redis_keys.lease_key(stream_id)) <= 900
    await heir.renew()


async def test_redis_that_comes_back_empty_costs_no_lease(
    store: PrivateRedis, redis: "aioredis.Redis", stream_id: str
) -> None:
    lease = Lease(redis, stream_id)
    await lease.acquire()
    store.stop()
    with pytest.raises((RedisConnectionError, OSError)):
        await lease.renew()
    store.start()

    await lease.renew()

    assert not await Lease(redis, stream_id).acquire()


async def test_epochs_grow_and_go_on_after_a_lost_counter(redis: "aioredis.Redis", stream_id: str) -> None:
    lease = Lease(redis, stream_id)
    assert [await lease.next_epoch(after=0) for _ in range(3)] == [1, 2, 3]
    await redis.delete(redis_keys.epoch_key(stream_id))

    assert await lease.next_epoch(after=3) == 4
    assert await lease.next_epoch(after=0) == 5
    assert await redis.ttl(redis_keys.epoch_key(stream_id)) > 3600


async def test_two_runs_at_once_get_different_epochs(redis: "aioredis.Redis", stream_id: str) -> None:
    leases = [Lease(redis, stream_id) for _ in range(20)]
    epochs = await asyncio.gather(*(lease.next_epoch(after=7) for lease in leases))

    assert sorted(epochs) == list(range(8, 28))


async def test_writes_of_a_worker_count_until_another_becomes_the_writer(
    store: PrivateRedis, redis: "aioredis.Redis", stream_id: str
) -> None:
    state = LiveState(2, 0.35)
    zombie, heir = LiveStore(redis, stream_id), LiveStore(redis, stream_id)
    await zombie.become_writer()
    await zombie.put_state(state)
    await heir.become_writer()
    for write in (zombie.put_state(state), zombie.publish(Show().made), zombie.reset_windows()):
        with pytest.raises(LeaseLost):
            await write
    assert await redis.hgetall(redis_keys.windows_key(stream_id)) == {}

    await heir.publish(Show().made)
    store.stop()
    store.start()  # empty
    await redis.connection_pool.disconnect()
    await heir.publish(Show().made)

    with pytest.raises(LeaseLost):
        await zombie.put_state(state)
