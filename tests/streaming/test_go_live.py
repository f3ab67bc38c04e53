"""Followers hear that a channel is live: all of them, once, and nobody who does not want to."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from accounts.notifications import tell_users
from accounts.notifications.models import Happening, Notification
from common.errors import Conflict
from streaming import go_live
from streaming.go_live_rules import is_news
from streaming.models import Broadcast, Channel, Follow, GoLiveNotice
from streaming.services import follow_channel, set_follow_notify
from streaming.signals import broadcast_started
from streaming.tasks import announce_to_followers as task
from streaming.tasks import tell_of_follower

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 5, 4, 20, tzinfo=UTC)
QUIET = timedelta(minutes=30)


def minutes(count: float) -> datetime:
    return NOW - timedelta(minutes=count)


def begin(channel: Channel, title: str = "Painting the mill") -> Broadcast:
    Broadcast.objects.filter(channel=channel).update(state="ended")
    return Broadcast.objects.create(channel=channel, title=title, state="live", started_at=timezone.now())


def told(user: User) -> list[tuple[str, str]]:
    found = Notification.objects.of(user.pk)
    return [(one.happening.text, one.happening.detail) for one in found]


def announce(broadcast: Broadcast) -> int:
    return go_live.announce_to_followers(stream_id=broadcast.public_id)


def test_followers_are_told_and_others_not(channel: Channel, bob: User, charlie: User) -> None:
    follow_channel(user=bob, channel=channel)
    assert announce(begin(channel)) == 1
    assert told(bob) == [("alice is live", "Painting the mill")]
    assert told(charlie) == []
    assert Happening.objects.get().path == "/alice"


def test_muted_channel_is_not_told(channel: Channel, bob: User) -> None:
    follow_channel(user=bob, channel=channel)
    Follow.objects.update(notify=False)
    assert announce(begin(channel)) == 0
    assert told(bob) == []


def test_suspended_channel_is_not_told(channel: Channel, alice: User, bob: User) -> None:
    follow_channel(user=bob, channel=channel)
    User.objects.filter(pk=alice.pk).update(is_active=False)
    assert announce(begin(channel)) == 0


def test_same_broadcast_is_told_once(channel: Channel, bob: User) -> None:
    follow_channel(user=bob, channel=channel)
    broadcast = begin(channel)
    announce(broadcast)
    announce(broadcast)
    assert len(told(bob)) == 1


def test_channel_that_comes_and_goes_is_told_once(channel: Channel, bob: User) -> None:
    follow_channel(user=bob, channel=channel)
    announce(begin(channel))
    announce(begin(channel))
    assert len(told(bob)) == 1
    GoLiveNotice.objects.update(created_at=timezone.now() - timedelta(days=1))
    Broadcast.objects.update(ended_at=timezone.now() - timedelta(hours=20))
    announce(begin(channel))
    assert len(told(bob)) == 2


@pytest.mark.parametrize(
    ("told_at", "ended_at", "news"),
    [
        (None, None, True),
        (None, minutes(1), True),  # nobody was told of the one before
        (minutes(5), minutes(1), False),
        (minutes(29), None, False),
        (minutes(30), None, True),
        (minutes(300), minutes(2), False),  # five hours, a restart of OBS, and on
        (minutes(300), minutes(10), True),
    ],
)
def test_what_is_news(told_at: datetime | None, ended_at: datetime | None, news: bool) -> None:
    assert is_news(NOW, told_at=told_at, ended_at=ended_at, quiet=QUIET) is news


def crowd(channel: Channel, count: int) -> list[User]:
    made = User.objects.bulk_create([User(login=f"fan{number}", password="!") for number in range(count)])
    Follow.objects.bulk_create([Follow(user=user, channel=channel) for user in made])
    return made


def test_everyone_is_told_batch_by_batch(channel: Channel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(go_live, "TELL_BATCH", 10)
    fans = crowd(channel, 25)
    assert announce(begin(channel)) == 25
    assert set(Notification.objects.values_list("user_id", flat=True)) == {fan.pk for fan in fans}
    notice = GoLiveNotice.objects.get()
    assert (notice.told, notice.cursor, notice.done_at is not None) == (25, fans[-1].pk, True)


def test_killed_worker_is_followed_by_one_that_goes_on(channel: Channel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(go_live, "TELL_BATCH", 10)
    crowd(channel, 25)
    calls: list[dict[str, Any]] = []

    def tell_once(**arguments: Any) -> int:
        calls.append(arguments)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return tell_users(**arguments)

    monkeypatch.setattr(go_live, "tell_users", tell_once)
    broadcast = begin(channel)
    with pytest.raises(KeyboardInterrupt):
        announce(broadcast)
    assert Notification.objects.count() == 10
    go_live.resume_notices()
    assert Notification.objects.count() == 10, "somebody may still be at it"
    GoLiveNotice.objects.update(touched_at=timezone.now() - timedelta(minutes=1))
    go_live.resume_notices()
    assert (Notification.objects.count(), GoLiveNotice.objects.get().told) == (25, 25)


def test_lost_task_is_made_up_for(channel: Channel, bob: User) -> None:
    follow_channel(user=bob, channel=channel)
    broadcast = begin(channel)
    go_live.resume_notices()
    assert told(bob) == [], "the task may still be on its way"
    Broadcast.objects.filter(pk=broadcast.pk).update(started_at=timezone.now() - timedelta(minutes=1))
    go_live.resume_notices()
    assert len(told(bob)) == 1


def test_broadcast_that_is_over_is_told_no_further(channel: Channel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(go_live, "TELL_BATCH", 10)
    crowd(channel, 25)
    broadcast = begin(channel)
    notice = go_live.open_notice(stream_id=broadcast.public_id)
    Broadcast.objects.update(state="ended")
    assert notice is not None
    assert go_live.tell_followers(notice_id=notice.pk) == 10


def test_batch_takes_a_fixed_number_of_queries(channel: Channel, django_assert_max_num_queries: Any) -> None:
    crowd(channel, 50)
    notice = go_live.open_notice(stream_id=begin(channel).public_id)
    assert notice is not None
    with django_assert_max_num_queries(12):
        go_live.tell_followers(notice_id=notice.pk)


def test_start_of_a_broadcast_queues_the_telling(channel: Channel, monkeypatch: pytest.MonkeyPatch) -> None:
    queued: list[str] = []
    monkeypatch.setattr(task, "delay", queued.append)
    broadcast_started.send(sender=Broadcast, stream_id="0" * 24)
    assert queued == ["0" * 24]


def test_follower_mutes_a_channel_and_hears_it_again(channel: Channel, bob: User, charlie: User) -> None:
    follow_channel(user=bob, channel=channel)
    set_follow_notify(user=bob, channel=channel, notify=False)
    assert not Follow.objects.get().notify
    set_follow_notify(user=bob, channel=channel, notify=True)
    assert Follow.objects.get().notify
    with pytest.raises(Conflict):
        set_follow_notify(user=charlie, channel=channel, notify=True)


def test_streamer_hears_of_followers_as_one(channel: Channel, alice: User, bob: User, charlie: User) -> None:
    for user in (bob, charlie):
        follow_channel(user=user, channel=channel)
        go_live.tell_of_follower(channel_id=channel.pk, user_id=user.pk)
    assert told(alice) == [("charlie and bob followed you", "")]


def test_follower_who_changed_their_mind_is_not_told_of(channel: Channel, alice: User, bob: User) -> None:
    go_live.tell_of_follower(channel_id=channel.pk, user_id=bob.pk)
    assert told(alice) == []


@pytest.mark.django_db(transaction=True)
def test_following_queues_the_telling(channel: Channel, bob: User, monkeypatch: pytest.MonkeyPatch) -> None:
    queued: list[tuple[int, int]] = []
    monkeypatch.setattr(tell_of_follower, "delay", lambda *ids: queued.append(ids))
    follow_channel(user=bob, channel=channel)
    follow_channel(user=bob, channel=channel)
    assert queued == [(channel.pk, bob.pk)]
