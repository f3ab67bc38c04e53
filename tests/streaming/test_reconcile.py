"""The tick that repairs what lost hooks, crashes and outages left behind."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from redis import Redis

from accounts.models import User
from streaming import redis_keys
from streaming.broadcast_services import announce_live
from streaming.broadcast_states import BroadcastState
from streaming.limits import FLAGS_SECONDS
from streaming.models import Broadcast, Channel, IngestSession
from streaming.reconcile import reconcile_broadcasts
from tests.streaming.conftest import ControlServer, FakeMedia, Hooks
from transcode.models import LiveJob

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def settled(empty_redis: Redis) -> None:
    """The tick has been running all the time."""
    empty_redis.set(redis_keys.RECONCILE_AT, 1)


def age(model: Any, field: str, seconds: float) -> None:
    model.objects.update(**{field: timezone.now() - timedelta(seconds=seconds)})


def test_broadcast_past_its_grace_ends_once(hooks: Hooks, key: str, media: FakeMedia) -> None:
    stream_id = hooks.publish(key)["Location"]
    hooks.publish_done(key)
    reconcile_broadcasts()
    assert Broadcast.objects.get().state == BroadcastState.RECONNECTING
    age(Broadcast, "reconnect_deadline", 0.1)
    reconcile_broadcasts()
    ended = Broadcast.objects.values().get()
    assert ended["state"] == BroadcastState.ENDED
    reconcile_broadcasts()
    assert Broadcast.objects.values().get() == ended
    assert media.finished == [stream_id]


def test_session_without_updates_is_treated_as_gone(hooks: Hooks, key: str) -> None:
    hooks.publish(key)
    age(IngestSession, "last_seen_at", 14)
    reconcile_broadcasts()
    assert Broadcast.objects.get().state == BroadcastState.STARTING
    age(IngestSession, "last_seen_at", 16)
    reconcile_broadcasts()
    broadcast = Broadcast.objects.get()
    assert broadcast.state == BroadcastState.RECONNECTING
    assert broadcast.reconnect_deadline is not None


def test_after_an_outage_of_ours_encoders_get_time_to_be_heard(hooks: Hooks, key: str, empty_redis: Redis) -> None:
    hooks.publish(key)
    age(IngestSession, "last_seen_at", 60)
    empty_redis.delete(redis_keys.RECONCILE_AT)
    reconcile_broadcasts()
    reconcile_broadcasts()
    assert IngestSession.objects.open().exists()
    empty_redis.delete(redis_keys.SETTLING)
    reconcile_broadcasts()
    assert not IngestSession.objects.open().exists()


def test_encoder_without_a_picture_is_sent_away_and_told_why(
    hooks: Hooks, key: str, channel: Channel, ingest_server: ControlServer
) -> None:
    stream_id = hooks.publish(key)["Location"]
    age(IngestSession, "started_at", 61)
    reconcile_broadcasts()
    assert Broadcast.objects.get().state == BroadcastState.ENDED
    assert channel.ingest_notices.get().code == "no_picture"
    assert ingest_server.dropped == [stream_id]


def test_encoder_with_a_picture_is_left_alone(hooks: Hooks, key: str) -> None:
    announce_live(stream_id=hooks.publish(key)["Location"])
    age(IngestSession, "started_at", 3600)
    reconcile_broadcasts()
    assert Broadcast.objects.get().state == BroadcastState.LIVE


def test_broadcast_without_publisher_or_deadline_gets_a_deadline(hooks: Hooks, key: str) -> None:
    announce_live(stream_id=hooks.publish(key)["Location"])
    IngestSession.objects.all().delete()
    reconcile_broadcasts()
    broadcast = Broadcast.objects.get()
    assert broadcast.state == BroadcastState.RECONNECTING
    assert broadcast.reconnect_deadline is not None


def test_suspended_owner_is_cut_even_if_the_signal_was_lost(hooks: Hooks, key: str, alice: User) -> None:
    hooks.publish(key)
    User.objects.filter(pk=alice.pk).update(is_active=False)
    reconcile_broadcasts()
    assert Broadcast.objects.get().state == BroadcastState.ENDED


def test_media_work_follows_the_broadcasts(hooks: Hooks, key: str, media: FakeMedia) -> None:
    stream_id = hooks.publish(key)["Location"]
    LiveJob.objects.create(stream_id="f" * 24)
    media.requested.clear()
    reconcile_broadcasts()
    assert media.requested == [(stream_id, 5)]
    assert media.finished == ["f" * 24]


def test_media_work_that_is_as_wanted_is_left_alone(hooks: Hooks, key: str, media: FakeMedia) -> None:
    LiveJob.objects.create(stream_id=hooks.publish(key)["Location"])
    LiveJob.objects.create(stream_id="f" * 24, wanted=False)
    media.requested.clear()
    reconcile_broadcasts()
    assert (media.requested, media.finished) == ([], [])


def test_live_flag_of_a_channel_is_repaired_though_not_in_every_tick(
    hooks: Hooks, key: str, empty_redis: Redis
) -> None:
    announce_live(stream_id=hooks.publish(key)["Location"])
    Channel.objects.update(is_live=False)
    reconcile_broadcasts()
    assert Channel.objects.get(owner__login="alice").is_live
    Broadcast.objects.update(state=BroadcastState.ENDED)
    reconcile_broadcasts()
    assert Channel.objects.get(owner__login="alice").is_live
    assert 0 < empty_redis.ttl(redis_keys.FLAGS_REPAIRED) <= FLAGS_SECONDS
    empty_redis.delete(redis_keys.FLAGS_REPAIRED)
    reconcile_broadcasts()
    assert not Channel.objects.get(owner__login="alice").is_live
