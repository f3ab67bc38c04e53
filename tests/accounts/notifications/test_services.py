"""Who is told what, and how often."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import redis
from django.db import connection

from accounts.models import User
from accounts.notifications import Kind, notify_of_person, notify_user, redis_keys
from accounts.notifications.models import Happening, Notification, NotificationPreference
from accounts.notifications.services import create_happening, mark_read, tell_users

pytestmark = pytest.mark.django_db


def inbox(user: User) -> list[str]:
    return [one.happening.text for one in Notification.objects.of(user.pk)]


def tell(user: User, text: str = "Your recording is ready.", **more: Any) -> Happening | None:
    return notify_user(user_id=user.pk, kind=Kind.RECORDING, text=text, path="/videos/1", **more)


def test_person_is_told_and_nobody_else(alice: User, bob: User) -> None:
    tell(alice)
    assert (inbox(alice), inbox(bob)) == (["Your recording is ready."], [])


def test_newest_comes_first(alice: User) -> None:
    tell(alice, "One.")
    tell(alice, "Two.")
    assert inbox(alice) == ["Two.", "One."]


def test_what_has_a_key_is_told_once(alice: User) -> None:
    assert tell(alice, once_key="recording:1") is not None
    assert tell(alice, once_key="recording:1") is None
    assert tell(alice, once_key="recording:2") is not None
    assert len(inbox(alice)) == 2


@pytest.mark.parametrize("path", ["https://evil.example/", "//evil.example/", "videos/1", "/" + "x" * 300])
def test_notification_leads_to_a_page_of_this_site(alice: User, path: str) -> None:
    with pytest.raises(ValueError, match="Not a path"):
        notify_user(user_id=alice.pk, kind=Kind.RECORDING, text="Look.", path=path)


def test_suspended_people_are_told_nothing(alice: User) -> None:
    User.objects.filter(pk=alice.pk).update(is_active=False)
    tell(alice)
    assert inbox(alice) == []


def test_who_turned_a_kind_off_is_not_told(alice: User, bob: User) -> None:
    for user, kind in ((alice, Kind.RECORDING), (bob, Kind.LIVE)):
        NotificationPreference.objects.create(user=user, kind=kind, way="in_app", wanted=False)
    tell(alice)
    tell(bob)
    assert (inbox(alice), inbox(bob)) == ([], ["Your recording is ready."])


def test_batch_may_be_told_again(alice: User, bob: User, charlie: User) -> None:
    happening = create_happening(kind=Kind.LIVE, text="Dora is live.", path="/dora")
    assert happening is not None
    assert tell_users(happening=happening, user_ids=[alice.pk, bob.pk]) == 2
    assert tell_users(happening=happening, user_ids=[alice.pk, bob.pk, charlie.pk]) == 1
    assert inbox(alice) == ["Dora is live."]


def test_batch_takes_the_same_queries_for_one_and_for_three(
    alice: User, bob: User, charlie: User, django_assert_max_num_queries: Any
) -> None:
    happening = create_happening(kind=Kind.LIVE, text="Dora is live.", path="/dora")
    assert happening is not None
    with django_assert_max_num_queries(5):  # two of them are the savepoint's
        tell_users(happening=happening, user_ids=[alice.pk, bob.pk, charlie.pk])


def follow(alice: User, name: str) -> None:
    notify_of_person(
        user_id=alice.pk, kind=Kind.FOLLOWER, name=name, did="followed you", path="/alice", collapse_key="followers"
    )


def test_many_followers_are_told_as_one(alice: User) -> None:
    follow(alice, "Bob")
    assert inbox(alice) == ["Bob followed you"]
    follow(alice, "Charlie")
    assert inbox(alice) == ["Charlie and Bob followed you"]
    for name in ("Dora", "Emil"):
        follow(alice, name)
    assert inbox(alice) == ["Emil and 3 others followed you"]
    assert Happening.objects.count() == 1


def test_follower_who_comes_and_goes_counts_once(alice: User) -> None:
    for name in ("Bob", "Charlie", "Bob", "Bob"):
        follow(alice, name)
    assert inbox(alice) == ["Charlie and Bob followed you"]


def test_what_was_read_is_not_counted_again(alice: User) -> None:
    follow(alice, "Bob")
    assert mark_read(user_id=alice.pk, happening_id=Happening.objects.get().pk)
    follow(alice, "Charlie")
    assert inbox(alice) == ["Charlie followed you", "Bob followed you"]


def test_nobody_reads_for_somebody_else(alice: User, bob: User) -> None:
    happening = tell(alice)
    assert happening is not None
    assert not mark_read(user_id=bob.pk, happening_id=happening.pk)
    assert Notification.objects.of(alice.pk).unread().count_up_to() == 1


@pytest.mark.django_db(transaction=True)
def test_followers_of_the_same_moment_are_all_counted(alice: User) -> None:
    def follow_apart(name: str) -> None:
        try:
            follow(alice, name)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(follow_apart, [f"Fan{number}" for number in range(16)]))
    happening = Happening.objects.get()
    assert (happening.count, len(happening.names)) == (16, 16)


@pytest.mark.django_db(transaction=True)
def test_open_pages_are_told_once_for_the_whole_batch(alice: User, bob: User, empty_redis: redis.Redis) -> None:
    pages = empty_redis.pubsub(ignore_subscribe_messages=True)  # type: ignore[no-untyped-call]
    pages.subscribe(redis_keys.TOLD)
    pages.get_message(timeout=1)
    happening = create_happening(kind=Kind.LIVE, text="Dora is live.", path="/dora", detail="Mills")
    assert happening is not None
    tell_users(happening=happening, user_ids=[alice.pk, bob.pk])
    heard = pages.get_message(timeout=2)
    assert heard is not None
    told = json.loads(heard["data"])
    assert sorted(told["users"]) == sorted([alice.pk, bob.pk])
    assert told["message"]["text"] == "Dora is live."
    assert pages.get_message(timeout=0.2) is None
    pages.close()
