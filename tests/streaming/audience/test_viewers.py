"""Counting who watches."""

import asyncio
import time

import pytest
from django.utils import timezone
from redis import Redis

from accounts.models import User
from common.redis import new_async_redis
from streaming import redis_keys
from streaming.audience import viewers
from streaming.audience.heartbeat import Audience
from streaming.audience.names import Viewer, new_token, viewer_of
from streaming.audience.viewers import count_viewers, note_viewer_now
from streaming.broadcast_states import BroadcastState
from streaming.models import Broadcast, Category, Channel
from streaming.services import end_broadcast


@pytest.fixture
def broadcast(channel: Channel) -> Broadcast:
    Channel.objects.filter(pk=channel.pk).update(is_live=True)
    return Broadcast.objects.create(channel=channel, state=BroadcastState.LIVE, started_at=timezone.now())


def watch(broadcast: Broadcast, *names: str, address: str = "") -> list[bool]:
    return [note_viewer_now(stream_id=broadcast.public_id, viewer=Viewer(name, address)) for name in names]


def lapse(redis: Redis, broadcast: Broadcast, *names: str) -> None:
    """They have said nothing for a minute."""
    redis.zadd(redis_keys.viewers(broadcast.public_id), dict.fromkeys(names, time.time() - 60))


def forget_samples(redis: Redis, broadcast: Broadcast) -> None:
    """As if the minute between two samples were over."""
    redis.delete(f"{redis_keys.UNIQUES_COUNTED}{broadcast.public_id}")


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
    lapse(empty_redis, broadcast, "page-a")
    forget_samples(empty_redis, broadcast)
    assert count_viewers() == {channel.pk: 1}
    broadcast.refresh_from_db()
    assert (broadcast.peak_viewers, broadcast.unique_viewers, broadcast.average_viewers) == (2, 2, 2)


@pytest.mark.django_db
def test_last_viewer_that_goes_leaves_nobody(broadcast: Broadcast, channel: Channel, empty_redis: Redis) -> None:
    watch(broadcast, "page-a")
    count_viewers()
    lapse(empty_redis, broadcast, "page-a")
    empty_redis.zadd(redis_keys.WATCHED, {broadcast.public_id: time.time() - 60})
    assert count_viewers() == {channel.pk: 0}
    assert count_viewers() == {}
    assert empty_redis.zcard(redis_keys.WATCHED) == 0


@pytest.mark.django_db
def test_redis_that_lost_everything_shows_nobody_until_the_next_heartbeat(
    broadcast: Broadcast, channel: Channel, empty_redis: Redis
) -> None:
    watch(broadcast, "page-a")
    count_viewers()
    empty_redis.flushdb()
    assert count_viewers() == {channel.pk: 0}


@pytest.mark.django_db
def test_only_what_has_changed_is_written_and_told(
    broadcast: Broadcast, bob: User, django_assert_num_queries: object
) -> None:
    other = Channel.objects.get_or_create(owner=bob)[0]
    second = Broadcast.objects.create(channel=other, state=BroadcastState.LIVE, started_at=timezone.now())
    watch(broadcast, "page-a")
    watch(second, "page-a", "page-b")
    assert count_viewers() == {broadcast.channel_id: 1, other.pk: 2}
    watch(second, "page-c")
    with django_assert_num_queries(5):  # type: ignore[operator]  # of any number of broadcasts; two are the lock
        assert count_viewers() == {other.pk: 3}


@pytest.mark.django_db
def test_categories_add_up_their_channels_on_air(broadcast: Broadcast, channel: Channel, bob: User) -> None:
    art = Category.objects.create(name="Painting", slug="painting")
    other = Channel.objects.get_or_create(owner=bob)[0]
    Channel.objects.update(category=art)
    watch(broadcast, "page-a", "page-b")
    count_viewers()
    art.refresh_from_db()
    assert (art.viewer_count, art.live_count) == (2, 1)  # Bob has the category, too, and is not on air
    assert not other.is_live
    end_broadcast(broadcast=broadcast, reason="Over.")
    count_viewers()
    art.refresh_from_db()
    assert (art.viewer_count, art.live_count) == (0, 0)


@pytest.mark.django_db
def test_keys_expire(broadcast: Broadcast, empty_redis: Redis) -> None:
    watch(broadcast, *(f"page-{number}" for number in range(600)), address="203.0.113.5")
    count_viewers()
    keys = set(empty_redis.keys("streaming:*")) - {redis_keys.WATCHED}
    assert keys
    assert all(empty_redis.ttl(name) > 0 for name in keys)


@pytest.mark.django_db
def test_ended_broadcasts_are_not_counted(broadcast: Broadcast) -> None:
    watch(broadcast, "page-a")
    Broadcast.objects.update(state=BroadcastState.ENDED)
    assert count_viewers() == {}


@pytest.mark.django_db(transaction=True)
def test_who_came_just_before_the_end_belongs_to_the_broadcast(broadcast: Broadcast) -> None:
    watch(broadcast, "page-a")
    count_viewers()
    watch(broadcast, "page-b")
    end_broadcast(broadcast=broadcast, reason="Over.")
    broadcast.refresh_from_db()
    assert broadcast.unique_viewers == 2


@pytest.mark.django_db
@pytest.mark.parametrize("people", [1, 512, 513, 5_000])
def test_many_are_counted_within_one_percent_and_few_exactly(broadcast: Broadcast, people: int) -> None:
    for number in range(people):
        watch(broadcast, f"user-{number}")
    watch(broadcast, "user-0")
    count_viewers()
    broadcast.refresh_from_db()
    assert abs(broadcast.unique_viewers - people) <= (0 if people <= 512 else people / 100)


@pytest.mark.django_db
def test_one_address_has_a_bounded_number_of_anonymous_viewers(
    broadcast: Broadcast, channel: Channel, settings: object
) -> None:
    settings.VIEWERS_PER_ADDRESS = 2  # type: ignore[attr-defined]
    assert watch(broadcast, "page-a", "page-b", "page-c", "page-a", address="203.0.113.5") == [True, True, False, True]
    assert watch(broadcast, "user-7") == [True]  # an account is somebody, wherever he sits
    assert watch(broadcast, "page-d", address="203.0.113.6") == [True]
    assert count_viewers() == {channel.pk: 4}


def test_nobody_chooses_the_name_he_is_counted_by() -> None:
    token = new_token()
    known = viewer_of(user_id=None, token=token, address="2001:db8::1")
    assert known == viewer_of(user_id=None, token=token, address="2001:db8::2")  # one household
    assert token.partition(":")[0] in known.name
    assert "chosen" not in viewer_of(user_id=None, token="chosen:by-me", address="").name
    assert viewer_of(user_id=None, token="", address="") != viewer_of(user_id=None, token="", address="")
    assert viewer_of(user_id=7, token=token, address="203.0.113.5") == Viewer("user-7")


async def test_viewer_with_two_pages_leaves_with_the_second(empty_redis: Redis) -> None:
    audience, charlie = Audience(), Viewer("user-3")
    assert await audience.join("x", charlie)
    assert await audience.join("x", charlie)
    await audience.leave("x", charlie)
    assert empty_redis.zrange(redis_keys.viewers("x"), 0, -1) == ["user-3"]
    await audience.leave("x", charlie)
    assert empty_redis.zcard(redis_keys.viewers("x")) == 0


async def test_heartbeat_keeps_whom_another_process_counts_too(
    empty_redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streaming.limits.HEARTBEAT_SECONDS", 0.05)
    here, there, charlie = Audience(), Audience(), Viewer("user-3")
    await here.join("x", charlie)
    await there.join("x", charlie)
    await there.leave("x", charlie)
    await asyncio.sleep(0.3)
    assert empty_redis.zcard(redis_keys.viewers("x")) == 1
    await here.leave("x", charlie)


async def test_heartbeat_is_one_for_all(empty_redis: Redis) -> None:
    client = new_async_redis()
    await viewers.keep_viewers(client, {"x": [f"page-{number}" for number in range(1_200)], "y": ["user-1"]})
    assert (empty_redis.zcard(redis_keys.viewers("x")), empty_redis.zcard(redis_keys.viewers("y"))) == (1_200, 1)
    assert set(empty_redis.zrange(redis_keys.WATCHED, 0, -1)) == {"x", "y"}
    await client.aclose()
