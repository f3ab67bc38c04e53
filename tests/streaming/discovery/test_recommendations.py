"""Who is recommended to whom, and why."""

from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser

from accounts.models import User
from accounts.services import create_user, suspend_user
from streaming.discovery.recommendations import hide_recommendation, on_air_beside, recommend, show_recommendation
from streaming.discovery.recommending import SHRINKAGE, find_neighbours
from streaming.discovery_models import ChannelNeighbour
from streaming.models import Broadcast, Category, Channel, Follow
from streaming.services import follow_channel

pytestmark = pytest.mark.django_db


@pytest.fixture
def crowd(alice: User, bob: User, charlie: User) -> list[User]:
    """Four who follow Alice and Bob, one of whom follows Charlie, too."""
    people = [create_user(login=f"viewer{number}") for number in range(4)]
    for person in people:
        follow_channel(user=person, channel=alice.channel)
        follow_channel(user=person, channel=bob.channel)
    follow_channel(user=people[0], channel=charlie.channel)
    return people


def on_air(*users: User, **fields: Any) -> None:
    Channel.objects.filter(owner__in=users).update(is_live=True, **fields)


def reasons(user: Any) -> dict[str, str]:
    return {one.channel.owner.login: one.reason for one in recommend(user, 10)}


def test_the_score_is_the_shrunken_cosine(crowd: list[User], alice: User, bob: User) -> None:
    find_neighbours()

    near = ChannelNeighbour.objects.get(channel=alice.channel, other=bob.channel)
    assert near.score == pytest.approx(4 / (4 + SHRINKAGE) * 4 / (4 * 4) ** 0.5)


def test_one_follower_in_common_makes_no_neighbours(crowd: list[User], charlie: User) -> None:
    find_neighbours()

    assert not ChannelNeighbour.objects.filter(channel=charlie.channel).exists()


def test_neighbours_are_made_anew_each_time(crowd: list[User], alice: User) -> None:
    assert find_neighbours() == find_neighbours() == 2
    Follow.objects.filter(channel=alice.channel).delete()
    assert find_neighbours() == 0
    assert not ChannelNeighbour.objects.exists()


def test_followers_of_one_are_recommended_the_other(crowd: list[User], alice: User, bob: User, charlie: User) -> None:
    find_neighbours()
    on_air(alice, bob)
    follow_channel(user=charlie, channel=alice.channel)

    assert reasons(charlie) == {"bob": "Because you follow alice"}


def test_then_come_the_categories_that_someone_follows(alice: User, bob: User, charlie: User) -> None:
    chess = Category.objects.get(slug="chess")
    on_air(bob, category=chess)
    Channel.objects.filter(owner=alice).update(category=chess)
    follow_channel(user=charlie, channel=alice.channel)

    assert reasons(charlie) == {"bob": "Popular in Chess"}


def test_who_follows_nobody_gets_what_most_people_watch(alice: User, bob: User, charlie: User) -> None:
    on_air(alice, viewer_count=5)
    on_air(bob, viewer_count=9)

    assert list(reasons(charlie).items()) == [("bob", "Popular now"), ("alice", "Popular now")]
    assert list(reasons(AnonymousUser())) == ["bob", "alice"]


def test_nobody_is_recommended_the_own_the_followed_or_the_suspended(alice: User, bob: User, charlie: User) -> None:
    on_air(alice, bob, charlie)
    follow_channel(user=charlie, channel=alice.channel)
    suspend_user(user=bob)
    on_air(bob)  # as it is until the broadcast has ended

    assert reasons(charlie) == {}


def test_what_someone_does_not_want_stays_away_until_he_wants_it(alice: User, charlie: User) -> None:
    on_air(alice)
    hide_recommendation(user=charlie, channel=alice.channel)
    hide_recommendation(user=charlie, channel=alice.channel)
    assert reasons(charlie) == {}

    show_recommendation(user=charlie, channel=alice.channel)
    assert reasons(charlie) == {"alice": "Popular now"}


def test_it_costs_two_queries_whatever_someone_follows(
    crowd: list[User], alice: User, bob: User, django_assert_num_queries: Any
) -> None:
    find_neighbours()
    on_air(alice, bob)
    person = create_user(login="newcomer")
    follow_channel(user=person, channel=alice.channel)

    with django_assert_num_queries(2):
        recommend(person, 10)


def test_beside_an_offline_channel_stand_those_its_followers_like(
    crowd: list[User], alice: User, bob: User, charlie: User
) -> None:
    find_neighbours()
    on_air(bob, viewer_count=1)
    on_air(charlie, viewer_count=9)
    for user in (bob, charlie):
        Broadcast.objects.create(channel=user.channel, state="live", started_at=user.created_at)

    beside = on_air_beside(alice.channel, recommend(AnonymousUser(), 10), 4)
    assert [broadcast.channel.owner.login for broadcast in beside] == ["bob", "charlie"]
