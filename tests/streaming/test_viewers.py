"""Counting who watches."""

import time

import pytest
from django.utils import timezone
from redis import Redis
from redis.asyncio import Redis as AsyncRedis

from common.redis import new_async_redis
from streaming import redis_keys
from streaming.broadcast_states import BroadcastState
from streaming.models import Broadcast, Channel
from streaming.viewers import count_viewers, forget_viewer, note_viewer


@pytest.fixture
def broadcast(channel: Channel) -> Broadcast:
    return Broadcast.objects.create(channel=channel, state=BroadcastState.LIVE, started_at=timezone.now())


async def _watch(stream_id: str, *names: str) -> None:
    client: AsyncRedis = new_async_redis()
    for name in names:
        await note_viewer(client, stream_id=stream_id, viewer=name)
    await client.aclose()


def watch(broadcast: Broadcast, *names: str) -> None:
    import asyncio

    asyncio.run(_watch(broadcast.public_id, *names))


@pytest.mark.django_db
def test_viewers_are_counted_once_each_and_remembered(broadcast: Broadcast, channel: Channel) -> None:
    watch(broadcast, "user-1", "page-a", "page-b", "user-1")
    assert count_viewers() == {channel.pk: 3}
    channel.refresh_from_db()
    broadcast.refresh_from_db()
    assert channel.viewer_count == 3
    assert (broadcast.peak_viewers, broadcast.unique_viewers, broadcast.average_viewers) == (3, 3, 3)


@pytest.mark.django_db
def test_viewer_without_heartbeat_is_gone_but_was_there(
    broadcast: Broadcast, channel: Channel, empty_redis: Redis
) -> None:
    watch(broadcast, "page-a", "page-b")
    count_viewers()
    empty_redis.zadd(redis_keys.viewers(broadcast.public_id), {"page-a": time.time() - 60})
    assert count_viewers() == {channel.pk: 1}
    broadcast.refresh_from_db()
    assert (broadcast.peak_viewers, broadcast.unique_viewers, broadcast.average_viewers) == (2, 2, 2)


@pytest.mark.django_db
def test_keys_expire(broadcast: Broadcast, empty_redis: Redis) -> None:
    watch(broadcast, "page-a")
    assert all(empty_redis.ttl(name) > 0 for name in empty_redis.keys("streaming:*"))


@pytest.mark.django_db
def test_ended_broadcasts_are_not_counted(broadcast: Broadcast) -> None:
    watch(broadcast, "page-a")
    Broadcast.objects.update(state=BroadcastState.ENDED)
    assert count_viewers() == {}


async def test_viewer_who_leaves_is_forgotten_at_once(empty_redis: Redis) -> None:
    client = new_async_redis()
    await note_viewer(client, stream_id="x", viewer="page-a")
    await forget_viewer(client, stream_id="x", viewer="page-a")
    assert empty_redis.zcard(redis_keys.viewers("x")) == 0
    await client.aclose()
