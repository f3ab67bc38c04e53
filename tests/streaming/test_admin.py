"""The admin's lists and actions."""

from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from accounts.services import create_api_token
from streaming.broadcast_states import BroadcastState
from streaming.models import Broadcast, Channel

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def unhashed_static_files(settings: Any) -> None:
    """Nothing has been collected here, so pages must not ask for hashed names."""
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = settings.STORAGES | {"staticfiles": plain}


LISTS = [
    "accounts/user",
    "accounts/apitoken",
    "streaming/category",
    "streaming/channel",
    "streaming/broadcast",
    "streaming/ingestsession",
    "streaming/ingestnotice",
    "streaming/streamkey",
    "streaming/follow",
    "streaming/scheduleentry",
    "transcode/ladderrung",
    "vod/vod",
]


@pytest.fixture
def staff() -> Client:
    browser = Client()
    browser.force_login(User.objects.create_superuser("dora", "dora@example.org", "correct horse battery"))
    return browser


@pytest.mark.parametrize("path", LISTS)
def test_every_list_opens_and_is_searched(staff: Client, channel: Channel, key: str, alice: User, path: str) -> None:
    Broadcast.objects.create(channel=channel)
    create_api_token(user=alice, name="test")
    answer = staff.get(f"/admin/{path}/?q=alice")
    assert answer.status_code == 200
    assert key not in answer.content.decode()


def test_lists_are_not_for_everyone(alice: User) -> None:
    browser = Client()
    browser.force_login(alice)
    assert browser.get("/admin/streaming/broadcast/").status_code == 302


def test_staff_ends_a_broadcast(staff: Client, channel: Channel) -> None:
    broadcast = Broadcast.objects.create(channel=channel)
    staff.post("/admin/streaming/broadcast/", {"action": "end", "_selected_action": [broadcast.pk]})
    broadcast.refresh_from_db()
    assert broadcast.state == BroadcastState.ENDED


def test_staff_suspends_an_owner(staff: Client, channel: Channel, alice: User) -> None:
    staff.post("/admin/streaming/channel/", {"action": "suspend_owner", "_selected_action": [channel.pk]})
    alice.refresh_from_db()
    assert not alice.is_active


def test_user_made_in_the_admin_has_a_channel(staff: Client) -> None:
    fields = {
        "login": "Erin",
        "usable_password": "true",
        "password1": "correct horse battery",
        "password2": "correct horse battery",
    }
    answer = staff.post("/admin/accounts/user/add/", fields)
    assert answer.status_code == 302, answer.content.decode()
    assert Channel.objects.get(owner__login="erin").owner.display_name == "Erin"
