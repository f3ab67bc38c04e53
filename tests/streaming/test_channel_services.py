"""Channels: their key, their words, their followers."""

from typing import Any

import pytest

from accounts.models import User
from common.errors import InvalidInput
from streaming.broadcast_states import BroadcastState
from streaming.models import Broadcast, Category, Channel, Follow, StreamKey
from streaming.services import create_channel, follow_channel, rotate_stream_key, unfollow_channel, update_channel

pytestmark = pytest.mark.django_db


def test_everyone_who_signs_up_has_a_channel(bob: User) -> None:
    assert Channel.objects.filter(owner=bob).count() == 1


def test_second_channel_is_not_made(bob: User) -> None:
    assert create_channel(owner=bob) == bob.channel


def test_only_a_keyed_hash_of_the_key_is_stored(channel: Channel) -> None:
    key = rotate_stream_key(channel=channel)
    assert key not in repr(list(StreamKey.objects.values()))
    assert key.removeprefix("live_") not in repr(list(StreamKey.objects.values()))


def test_rotation_leaves_one_current_key(channel: Channel) -> None:
    assert rotate_stream_key(channel=channel) != rotate_stream_key(channel=channel)
    assert channel.stream_keys.filter(revoked_at=None).count() == 1
    assert channel.stream_keys.count() == 2


def test_following_counts_once(channel: Channel, charlie: User) -> None:
    assert follow_channel(user=charlie, channel=channel)
    assert not follow_channel(user=charlie, channel=channel)
    channel.refresh_from_db()
    assert (channel.follower_count, Follow.objects.count()) == (1, 1)
    assert unfollow_channel(user=charlie, channel=channel)
    assert not unfollow_channel(user=charlie, channel=channel)
    channel.refresh_from_db()
    assert channel.follower_count == 0


def test_nobody_follows_their_own_channel(channel: Channel, alice: User) -> None:
    with pytest.raises(InvalidInput):
        follow_channel(user=alice, channel=channel)


def test_running_broadcast_takes_over_title_and_category(channel: Channel) -> None:
    old = Broadcast.objects.create(channel=channel, title="Old", state=BroadcastState.ENDED)
    running = Broadcast.objects.create(channel=channel, title="Now")
    chess, _ = Category.objects.get_or_create(name="Chess", slug="chess")
    update_channel(channel=channel, title="  Endgames  ", category="chess", tags=["chess", "Chess", "slow"])
    running.refresh_from_db()
    old.refresh_from_db()
    assert (running.title, running.category, old.title) == ("Endgames", chess, "Old")
    assert channel.tags == ["chess", "slow"]


@pytest.mark.parametrize(
    "changes",
    [
        {"title": "x" * 141},
        {"title": "two\nlines"},
        {"title": "turned \u202e around"},
        {"title": "nul \x00"},
        {"title": 5},
        {"tags": ["a"] * 11},
        {"tags": ["with space"]},
        {"tags": "abc"},
        {"tags": ["x" * 26]},
        {"category": "no-such-thing"},
        {"category": 1},
        {"language": "<b>"},
        {"about": "x" * 2001},
        {"tier": "partner"},
        {"owner": 1},
        {"is_live": True},
    ],
)
def test_nonsense_is_refused(channel: Channel, changes: dict[str, Any]) -> None:
    before = Channel.objects.values().get()
    with pytest.raises(InvalidInput):
        update_channel(channel=channel, **changes)
    assert Channel.objects.values().get() == before


def test_sensible_changes_are_accepted(channel: Channel) -> None:
    update_channel(
        channel=channel, title="Ünïcödé 🎮", about="Line 1\nLine 2", language="pt-BR", category=None, tags=[]
    )
    assert (channel.title, channel.about, channel.language) == ("Ünïcödé 🎮", "Line 1\nLine 2", "pt-BR")
