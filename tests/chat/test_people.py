"""Warnings, and what moderators know of someone."""

import pytest
from channels.db import database_sync_to_async
from django.test import Client
from websockets.exceptions import ConnectionClosed

from accounts.models import User
from accounts.services import create_api_token, create_user
from chat.core.roles import Role
from chat.limits import NOTES_MAX
from chat.models import Ban, ModeratorAct, RoomRole, UserNote
from streaming.models import Channel
from tests.chat.chat_client import ChatClient
from tests.chat.conftest import Cast
from tests.chat.gateway_process import GatewayProcess

URL = "/api/v1/channels/alice/chat"
JSON = "application/json"


async def test_the_warned_write_again_when_they_have_read_it(gateway: GatewayProcess, cast: Cast) -> None:
    url = gateway.url(cast.room_id)
    async with ChatClient(url, token=cast.alice_token) as alice:
        async with ChatClient(url, token=cast.bob_token) as bob:
            answer = await bob.said("hello")
            assert answer["type"] == "ack", answer
            assert (await alice.said("/warn bob"))["rule"] == "command"
            assert (await alice.said("/warn bob no spoilers please"))["type"] == "done"
            with pytest.raises(ConnectionClosed):
                await bob.wait_for("never")
        async with ChatClient(url, token=cast.bob_token) as bob:
            assert bob.hello["standing"]["rule"] == "warned"
            assert "no spoilers please" in bob.hello["standing"]["text"]
            await bob.wait_for("message", text="hello")  # what he said stays
            assert (await bob.said("but why?"))["rule"] == "warned"
            await bob.say("/acknowledge")
            with pytest.raises(ConnectionClosed):
                await bob.wait_for("never")
        async with ChatClient(url, token=cast.bob_token) as bob:
            assert bob.hello["standing"] is None
            assert (await bob.said("I understand"))["type"] == "ack"
    warning = await database_sync_to_async(Ban.objects.get)()
    assert (warning.warning, warning.lifted_at is not None) == (True, True)


async def test_a_warning_outlives_redis_and_yields_to_a_ban(
    gateway: GatewayProcess, cast: Cast, room_redis: object
) -> None:
    url = gateway.url(cast.room_id)
    async with ChatClient(url, token=cast.alice_token) as alice:
        await alice.said("/warn bob be kind")
        room_redis.flushall()  # type: ignore[attr-defined]
        async with ChatClient(url, token=cast.bob_token) as bob:
            assert (await bob.said("hello"))["rule"] == "warned"
        await alice.said("/ban bob")
        assert (await alice.said("/warn bob again"))["rule"] == "command"
        async with ChatClient(url, token=cast.bob_token) as bob:
            assert (await bob.said("/acknowledge"))["type"] == "done"
            assert (await bob.said("hello"))["rule"] == "banned"


# --- over the API, without a gateway


@pytest.fixture
def people(db: None) -> dict[str, User]:
    users = {login: create_user(login=login) for login in ("alice", "bob", "charlie")}
    room, _ = Channel.objects.get_or_create(owner=users["alice"])
    RoomRole.objects.create(room=room, user=users["bob"], role=Role.MODERATOR)
    return users


def of(user: User) -> Client:
    return Client(headers={"Authorization": f"Bearer {create_api_token(user=user, name='test')}"})


def test_moderators_note_what_others_should_know(people: dict[str, User]) -> None:
    bob = of(people["bob"])
    assert bob.post(f"{URL}/people/charlie/notes", {"text": " asked\u202e twice "}, JSON).status_code == 201
    bob.post(f"{URL}/warnings", {"login": "charlie", "reason": "spam"}, JSON)
    bob.post(f"{URL}/bans", {"login": "charlie", "seconds": 60}, JSON)
    record = of(people["alice"]).get(f"{URL}/people/charlie").json()
    assert [(one["text"], one["by"]) for one in record["notes"]] == [("asked twice", "bob")]
    assert (record["role"], record["warnings"], record["timeouts"], record["bans"]) == ("viewer", 1, 1, 0)
    assert (record["silence"]["by"], record["silence"]["warning"]) == ("bob", False)
    assert bob.get(f"{URL}/people/charlie/messages").json()["count"] == 0
    assert bob.delete(f"{URL}/notes/{record['notes'][0]['id']}").status_code == 204
    assert not UserNote.objects.exists()
    assert set(ModeratorAct.objects.values_list("act", flat=True)) == {"note", "unnote", "warn", "timeout"}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("get", "/people/bob"),
        ("get", "/people/bob/messages"),
        ("post", "/people/bob/notes"),
        ("post", "/warnings"),
        ("delete", "/notes/1"),
    ],
)
def test_nobody_else_sees_or_writes_them(people: dict[str, User], method: str, path: str) -> None:
    body = {"text": "x", "login": "bob", "reason": "x"}
    charlie = getattr(of(people["charlie"]), method)(URL + path, body, content_type=JSON)
    stranger = getattr(Client(), method)(URL + path, body, content_type=JSON)
    assert (charlie.status_code, stranger.status_code in {401, 403}) == (403, True)
    assert not UserNote.objects.exists()
    assert not Ban.objects.exists()


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/warnings", {"login": "charlie"}, 400),
        ("/warnings", {"login": "charlie", "reason": " "}, 400),
        ("/warnings", {"login": "alice", "reason": "x"}, 403),
        ("/warnings", {"login": "nobody_here", "reason": "x"}, 404),
        ("/people/charlie/notes", {"text": ""}, 400),
        ("/people/charlie/notes", {"text": "x" * 501}, 400),
        ("/people/nobody_here/notes", {"text": "x"}, 404),
    ],
)
def test_what_is_wrong_is_refused(people: dict[str, User], path: str, body: dict[str, str], status: int) -> None:
    assert of(people["bob"]).post(URL + path, body, JSON).status_code == status


def test_notes_are_bounded(people: dict[str, User]) -> None:
    room = Channel.objects.get(owner=people["alice"])
    UserNote.objects.bulk_create(UserNote(room=room, user=people["charlie"], text="x") for _ in range(NOTES_MAX))
    assert of(people["bob"]).post(f"{URL}/people/charlie/notes", {"text": "y"}, JSON).status_code == 409
