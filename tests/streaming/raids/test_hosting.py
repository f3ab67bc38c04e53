"""What an offline channel shows."""

import pytest
from django.test import Client

from accounts.models import User
from accounts.services import suspend_user
from common.errors import InvalidInput, NotAllowed
from streaming.models import Channel
from streaming.raids.hosting import audience_settings, choose_hosts, hosted_logins, update_audience
from streaming.services import end_broadcast, watch_state
from tests.streaming.raids.test_services import go_live

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def bobs(bob: User) -> Channel:
    return Channel.objects.get_or_create(owner=bob)[0]


@pytest.fixture
def charlies(charlie: User) -> Channel:
    return Channel.objects.get_or_create(owner=charlie)[0]


def shown(channel: Channel) -> str | None:
    hosting = watch_state(channel=channel).hosting
    return hosting.login if hosting else None


def test_first_of_the_list_that_is_live_is_shown_then_the_next(
    channel: Channel, alice: User, bobs: Channel, charlies: Channel
) -> None:
    update_audience(channel=channel, actor=alice, hosts=["@Bob", "charlie", "bob"])
    assert hosted_logins(channel=channel) == ["bob", "charlie"]
    choose_hosts()
    assert shown(channel) is None
    go_live(charlies)
    choose_hosts()
    assert shown(channel) == "charlie"
    broadcast = go_live(bobs)
    choose_hosts()
    assert shown(channel) == "charlie"  # nobody is torn out of what he watches
    end_broadcast(broadcast=charlies.broadcasts.get(), reason="Over.")
    assert shown(channel) is None  # at once, before anything is chosen anew
    choose_hosts()
    choose_hosts()
    assert shown(channel) == "bob"
    end_broadcast(broadcast=broadcast, reason="Over.")
    choose_hosts()
    assert shown(channel) is None


def test_host_that_goes_live_shows_itself_at_once(channel: Channel, alice: User, bobs: Channel) -> None:
    update_audience(channel=channel, actor=alice, hosts=["bob"])
    go_live(bobs)
    choose_hosts()
    assert shown(channel) == "bob"
    go_live(channel)
    assert shown(channel) is None
    choose_hosts()
    assert audience_settings(channel=channel).hosting is None


def test_two_that_host_each_other_make_no_loop(channel: Channel, alice: User, bobs: Channel, bob: User) -> None:
    update_audience(channel=channel, actor=alice, hosts=["bob"])
    update_audience(channel=bobs, actor=bob, hosts=["alice"])
    choose_hosts()
    assert (shown(channel), shown(bobs)) == (None, None)
    go_live(bobs)
    choose_hosts()
    assert (shown(channel), shown(bobs)) == ("bob", None)


def test_who_does_not_want_to_be_hosted_is_not(channel: Channel, alice: User, bobs: Channel, bob: User) -> None:
    update_audience(channel=channel, actor=alice, hosts=["bob"])
    go_live(bobs)
    choose_hosts()
    update_audience(channel=bobs, actor=bob, may_be_hosted=False)
    assert shown(channel) is None
    choose_hosts()
    choose_hosts()
    assert audience_settings(channel=channel).hosting is None
    with pytest.raises(InvalidInput, match="does not want"):
        update_audience(channel=channel, actor=alice, hosts=["bob"])


def test_suspended_channel_is_shown_nowhere(channel: Channel, alice: User, bobs: Channel, bob: User) -> None:
    update_audience(channel=channel, actor=alice, hosts=["bob"])
    go_live(bobs)
    choose_hosts()
    suspend_user(user=bob)
    assert shown(channel) is None


def test_random_order_shows_only_what_is_live(channel: Channel, alice: User, bobs: Channel, charlies: Channel) -> None:
    update_audience(channel=channel, actor=alice, hosts=["bob", "charlie"], host_order="random")
    go_live(charlies)
    choose_hosts()
    assert shown(channel) == "charlie"


@pytest.mark.parametrize(
    "changes",
    [
        {"hosts": ["nobody"]},
        {"hosts": ["alice"]},
        {"hosts": [f"name{number}" for number in range(21)]},
        {"raids_from": "friends of friends"},
        {"raid_min_account_days": -1},
        {"raid_min_followers": 10**12},
        {"host_order": "loudest"},
        {"hosting": 1},
    ],
)
def test_nonsense_is_refused(channel: Channel, alice: User, changes: dict[str, object]) -> None:
    with pytest.raises(InvalidInput):
        update_audience(channel=channel, actor=alice, **changes)  # type: ignore[arg-type]
    assert hosted_logins(channel=channel) == []


def test_nobody_else_decides(channel: Channel, bob: User) -> None:
    with pytest.raises(NotAllowed):
        update_audience(channel=channel, actor=bob, hosts=[])


def test_api_shows_and_changes_it(channel: Channel, alice: User, bob: User, bobs: Channel) -> None:
    client = Client()
    client.force_login(alice)
    path = "/api/v1/channels/alice/audience"
    assert client.get(path).json()["raids_from"] == "everyone"
    changed = client.patch(path, {"hosts": ["bob"], "raid_min_followers": 5}, content_type="application/json")
    assert (changed.json()["hosts"], changed.json()["raid_min_followers"]) == (["bob"], 5)
    other = Client()
    other.force_login(bob)
    assert other.get(path).status_code == 403
