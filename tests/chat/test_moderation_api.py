"""Moderation over the API."""

import pytest
from django.test import Client

from accounts.models import User
from accounts.services import create_api_token, create_user
from chat.core.roles import Role
from chat.models import Ban, RoomRole
from streaming.models import Channel

URL = "/api/v1/channels/alice/chat"
JSON = "application/json"


@pytest.fixture
def people(db: None) -> dict[str, User]:
    users = {login: create_user(login=login) for login in ("alice", "bob", "charlie", "dave")}
    room, _ = Channel.objects.get_or_create(owner=users["alice"])
    RoomRole.objects.create(room=room, user=users["bob"], role=Role.MODERATOR)
    return users


def of(user: User) -> Client:
    return Client(headers={"Authorization": f"Bearer {create_api_token(user=user, name='test')}"})


def test_a_moderator_times_out_lists_and_lifts(people: dict[str, User]) -> None:
    bob = of(people["bob"])
    answer = bob.post(f"{URL}/bans", {"login": "charlie", "seconds": 60, "reason": "be kind"}, JSON)
    assert answer.status_code == 201
    assert (answer.json()["login"], answer.json()["by"], answer.json()["reason"]) == ("charlie", "bob", "be kind")
    assert [ban["login"] for ban in bob.get(f"{URL}/bans").json()["results"]] == ["charlie"]
    assert [bob.delete(f"{URL}/bans/charlie").status_code for _ in range(2)] == [204, 204]
    assert bob.get(f"{URL}/bans").json()["count"] == 0
    acts = bob.get(f"{URL}/acts").json()["results"]
    assert [(act["act"], act["actor"], act["target"]) for act in acts] == [
        ("unban", "bob", "charlie"),
        ("timeout", "bob", "charlie"),
    ]


def test_a_second_ban_takes_the_place_of_the_first(people: dict[str, User]) -> None:
    bob = of(people["bob"])
    bob.post(f"{URL}/bans", {"login": "charlie", "seconds": 60}, JSON)
    assert bob.post(f"{URL}/bans", {"login": "charlie"}, JSON).json()["until"] is None
    assert Ban.objects.in_force().count() == 1


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400),
        ({"login": "charlie", "seconds": 0}, 400),
        ({"login": "charlie", "seconds": 15 * 86_400}, 400),
        ({"login": "charlie", "reason": "x" * 201}, 400),
        ({"login": "nobody_here"}, 404),
        ({"login": "bob"}, 403),
        ({"login": "alice"}, 403),
    ],
)
def test_a_wrong_ban_is_refused(people: dict[str, User], body: dict[str, object], status: int) -> None:
    answer = of(people["bob"]).post(f"{URL}/bans", body, content_type=JSON)
    assert (answer.status_code, Ban.objects.count()) == (status, 0)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("post", "/bans"),
        ("get", "/bans"),
        ("delete", "/bans/dave"),
        ("post", "/clear"),
        ("get", "/terms"),
        ("post", "/terms"),
        ("delete", "/terms?text=spam"),
        ("get", "/acts"),
        ("patch", ""),
        ("put", "/moderators/dave"),
        ("delete", "/vips/dave"),
    ],
)
def test_viewers_and_strangers_may_not(people: dict[str, User], method: str, path: str) -> None:
    body = {"login": "dave", "slow_seconds": 5, "text": "spam"}
    charlie = getattr(of(people["charlie"]), method)(URL + path, body, content_type=JSON)
    stranger = getattr(Client(), method)(URL + path, body, content_type=JSON)
    assert charlie.status_code == 403
    assert stranger.status_code in {401, 403}
    assert not Ban.objects.exists()


def test_modes_are_shown_to_everyone_and_set_by_moderators(people: dict[str, User]) -> None:
    assert Client().get(URL).json()["slow_seconds"] == 0
    bob = of(people["bob"])
    changed = bob.patch(URL, {"slow_seconds": 5, "shield": True}, content_type=JSON)
    assert (changed.json()["slow_seconds"], changed.json()["shield"]) == (5, True)
    assert Client().get(URL).json() == changed.json()
    assert bob.patch(URL, {"slow_seconds": 121}, content_type=JSON).status_code == 400


def test_terms_are_blocked_listed_and_allowed(people: dict[str, User]) -> None:
    bob = of(people["bob"])
    assert bob.post(f"{URL}/terms", {"text": "Free  Money"}, JSON).status_code == 201
    assert bob.post(f"{URL}/terms", {"text": "***"}, JSON).status_code == 400
    assert [term["text"] for term in bob.get(f"{URL}/terms").json()["results"]] == ["free money"]
    assert bob.delete(f"{URL}/terms?text=free+money").status_code == 204
    assert bob.get(f"{URL}/terms").json()["count"] == 0


def test_only_the_broadcaster_makes_moderators(people: dict[str, User]) -> None:
    assert of(people["bob"]).put(f"{URL}/moderators/charlie").status_code == 403
    alice = of(people["alice"])
    assert alice.put(f"{URL}/moderators/charlie").status_code == 204
    assert [one["login"] for one in Client().get(f"{URL}/moderators").json()["results"]] == ["bob", "charlie"]
    assert alice.delete(f"{URL}/moderators/charlie").status_code == 204
    assert of(people["bob"]).delete(f"{URL}/moderators/bob").status_code == 204  # everyone may lay down his own
    assert Client().get(f"{URL}/moderators").json()["count"] == 0
