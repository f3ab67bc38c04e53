"""Being counted as a viewer by requests."""

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from streaming.audience.viewers import count_viewers
from streaming.models import Broadcast, Channel
from tests.pages.conftest import PLAIN_STATIC_FILES

pytestmark = pytest.mark.django_db


@pytest.fixture
def broadcast(channel: Channel) -> Broadcast:
    return Broadcast.objects.create(channel=channel, state="live", started_at=timezone.now())


def beat(name: str = "alice", *, client: Client | None = None, address: str = "203.0.113.5", **body: Any) -> Any:
    headers = {"X-Forwarded-For": address}
    path = f"/api/v1/streams/{name}/watching"
    return (client or Client()).post(path, body, content_type="application/json", headers=headers)


def viewers(channel: Channel) -> int:
    count_viewers()
    channel.refresh_from_db()
    return channel.viewer_count


def test_native_player_counts_once_by_the_name_it_was_given(broadcast: Broadcast, channel: Channel) -> None:
    first = beat().json()
    assert first["counted"]
    again = beat(broadcast.public_id, viewer=first["viewer"]).json()
    assert again["viewer"] == first["viewer"]
    assert viewers(channel) == 1
    assert beat(viewer="one-of-my-own").json()["viewer"] != "one-of-my-own"
    assert viewers(channel) == 2


def test_page_without_a_socket_is_known_by_its_cookie(broadcast: Broadcast, channel: Channel, settings: Any) -> None:
    settings.STORAGES = PLAIN_STATIC_FILES
    browser = Client()
    browser.get("/alice")
    cookie = browser.cookies["viewer"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    for _ in range(3):
        beat(client=browser)
    assert viewers(channel) == 1


def test_page_keeps_the_name_it_has_and_an_account_needs_none(
    broadcast: Broadcast, channel: Channel, charlie: User, settings: Any
) -> None:
    settings.STORAGES = PLAIN_STATIC_FILES
    browser = Client()
    browser.get("/alice")
    assert "viewer" not in browser.get("/alice").cookies
    signed_in = Client()
    signed_in.force_login(charlie)
    assert "viewer" not in signed_in.get("/alice").cookies
    beat(client=signed_in)
    beat(client=signed_in, address="198.51.100.7")
    assert viewers(channel) == 1


def test_many_invented_browsers_of_one_address_are_not_counted(
    broadcast: Broadcast, channel: Channel, settings: Any
) -> None:
    settings.VIEWERS_PER_ADDRESS = 3
    assert [beat().json()["counted"] for _ in range(5)] == [True, True, True, False, False]
    assert viewers(channel) == 3


@pytest.mark.parametrize("body", [{"viewer": 7}, {"viewer": "x" * 200}, {"viewer": ["a"]}])
def test_nonsense_is_refused_with_what_to_do(broadcast: Broadcast, body: dict[str, Any]) -> None:
    answer = beat(**body)
    assert answer.status_code == 400
    assert "viewer" in answer.json()["detail"]


def test_what_is_not_on_air_has_no_viewers(channel: Channel) -> None:
    assert beat().status_code == 404
    assert beat("nobody").status_code == 404
    ended = Broadcast.objects.create(channel=channel, state="ended", started_at=timezone.now(), ended_at=timezone.now())
    assert beat(ended.public_id).status_code == 410


def test_flood_of_one_address_is_slowed(broadcast: Broadcast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streaming.views.watching.WatchingThrottle.rate", "2/min")
    assert [beat().status_code for _ in range(3)] == [200, 200, 429]
    assert beat(address="198.51.100.7").status_code == 200
