"""What stands above the messages: pins and polls."""

import json
from datetime import timedelta
from typing import Any

import pytest
import redis
from channels.db import database_sync_to_async
from django.test import Client
from django.utils import timezone

from accounts.models import User
from accounts.services import create_api_token, create_user
from chat import redis_keys
from chat.core.board import Board
from chat.core.polls import check_poll, refuse_vote
from chat.errors import BadPollError
from chat.limits import POLL_TOLD_MS
from chat.models import ModeratorAct, Poll
from chat.polls import look_after_polls
from chat.scripts import TELL_VOTES, VOTE
from common.redis import redis_client
from streaming.models import Channel
from tests.chat.chat_client import ChatClient
from tests.chat.conftest import Cast
from tests.chat.gateway_process import GatewayProcess

NOW = 1_800_000_000.0
PIN = {"message": {"id": "m1"}, "by": "bob", "until": "2027-01-15T08:00:10.000+00:00"}  # ten seconds after NOW
POLL = {"id": 7, "question": "?", "choices": ["a", "b"], "votes": [0, 0], "ends_at": "", "ended": False}
JSON = "application/json"


def event(kind: str, **fields: object) -> bytes:
    return json.dumps({"type": kind, **fields}, separators=(",", ":")).encode()


@pytest.mark.parametrize(("now", "pin"), [(NOW, PIN), (NOW + 10, None)])
def test_a_pin_goes_when_its_time_is_over(now: float, pin: object) -> None:
    board = Board()
    board.load({b"pin": json.dumps(PIN).encode()})
    assert board.pin(now) == pin


def test_the_board_follows_what_happens_in_the_room() -> None:
    board = Board()
    board.take(event("pin_changed", seq=1, pin={**PIN, "until": None}))
    board.take(event("poll_changed", seq=2, poll=POLL))
    board.take(event("poll_progress", id=7, votes=[3, 1]))
    board.take(event("poll_progress", id=6, votes=[9, 9]))
    board.take(event("message", seq=3, text='{"type":"pin_changed","pin":null}'))
    assert board.pin(NOW)
    assert (board.poll() or {})["votes"] == [3, 1]
    board.take(event("poll_changed", seq=4, poll={**POLL, "ended": True}))
    board.take(event("pin_changed", seq=5, pin=None))
    assert (board.pin(NOW), board.poll()) == (None, None)


@pytest.mark.parametrize(
    ("question", "choices", "seconds"),
    [
        ("", ["a", "b"], 60),
        ("\u200b", ["a", "b"], 60),
        ("x" * 101, ["a", "b"], 60),
        ("?", ["a"], 60),
        ("?", ["a", "A"], 60),
        ("?", ["a", " "], 60),
        ("?", list("abcdefghi"), 60),
        ("?", ["a", "x" * 41], 60),
        ("?", ["a", "b"], 9),
        ("?", ["a", "b"], 3601),
    ],
)
def test_a_poll_that_cannot_be_asked_says_why(question: str, choices: list[str], seconds: int) -> None:
    with pytest.raises(BadPollError, match=r"\.$"):
        check_poll(question, choices, seconds)


def test_a_poll_is_shown_as_clean_as_a_message() -> None:
    assert check_poll("  what\u202e? ", ["é\u0301\u0301\u0301\u0301", "b"], 60)[0] == "what?"
    assert refuse_vote("voted") is None


async def test_a_pin_is_seen_by_newcomers_until_it_is_removed(gateway: GatewayProcess, cast: Cast) -> None:
    url = gateway.url(cast.room_id)
    async with (
        ChatClient(url, token=cast.alice_token) as alice,
        ChatClient(url, token=cast.bob_token) as bob,
        ChatClient(url) as reader,
    ):
        said = await bob.said("the rules: be kind")
        assert (await bob.said(f"/pin {said['id']}"))["rule"] == "command"
        assert (await alice.said(f"/pin {said['id']} 1h"))["type"] == "done"
        changed = (await reader.wait_for("pin_changed"))["pin"]
        assert (changed["by"], changed["message"]["text"]) == ("alice", "the rules: be kind")
        async with ChatClient(url) as later:
            assert later.hello["pin"] == changed
        assert (await alice.said("/timeout bob 5"))["type"] == "done"
        await reader.wait_for("pin_changed", pin=None)
        async with ChatClient(url) as last:
            assert last.hello["pin"] is None
        assert (await alice.said(f"/pin {said['id']}"))["rule"] == "command"


async def test_everyone_has_one_vote_until_the_poll_is_over(gateway: GatewayProcess, cast: Cast) -> None:
    url = gateway.url(cast.room_id)
    async with (
        ChatClient(url, token=cast.alice_token) as alice,
        ChatClient(url, token=cast.bob_token) as bob,
        ChatClient(url) as reader,
    ):
        assert (await bob.said("/vote 1"))["rule"] == "poll"
        assert (await alice.said("/poll 60s Which map? | Forest | Desert"))["type"] == "done"
        assert (await alice.said("/poll Another? | a | b"))["rule"] == "command"
        assert (await reader.wait_for("poll_changed"))["poll"]["choices"] == ["Forest", "Desert"]
        assert (await bob.said("/vote 3"))["text"] == "There is no such choice in this poll."
        assert (await bob.said("/vote 2"))["text"] == "You voted for “Desert”."
        assert (await bob.said("/vote 1"))["rule"] == "voted"
        assert (await reader.wait_for("poll_progress"))["votes"] == [0, 1]
        async with ChatClient(url) as later:
            assert later.hello["poll"]["votes"] == [0, 1]
        assert (await alice.said("/endpoll"))["type"] == "done"
        ended = (await reader.wait_for("poll_changed"))["poll"]
        assert (ended["ended"], ended["votes"]) == (True, [0, 1])
        assert (await alice.said("/vote 1"))["rule"] == "poll"
        async with ChatClient(url) as last:
            assert last.hello["poll"] is None
    poll = await database_sync_to_async(Poll.objects.get)()
    assert (poll.votes, poll.ended_at is not None) == ([0, 1], True)
    acts = await database_sync_to_async(list)(ModeratorAct.objects.order_by("pk").values_list("act", flat=True))
    assert acts == ["poll", "endpoll"]


def test_a_thousand_votes_are_told_once_and_the_rest_later(room_redis: redis.Redis) -> None:
    feed: Any = room_redis.pubsub(ignore_subscribe_messages=True)  # type: ignore[no-untyped-call]
    feed.subscribe(redis_keys.room_feed(1))
    feed.get_message(timeout=1)
    poll = redis_keys.poll_votes(1, 7)
    room_redis.hset(poll, mapping={"ends_at": 10**15, "choices": 2})
    keys = (poll, redis_keys.poll_voters(1, 7), redis_keys.room_feed(1), redis_keys.room_board(1))
    long = 3_600_000  # ms between two tellings: the test's speed plays no part
    for user_id in range(1_000):
        assert VOTE.run(room_redis, (*keys, redis_keys.room_bans(1)), (7, long, 1 + user_id % 2, user_id)) == b"voted"
    assert TELL_VOTES.run(room_redis, keys, (7, long)) == 0
    assert TELL_VOTES.run(room_redis, keys, (7, 0)) == 1
    assert TELL_VOTES.run(room_redis, keys, (7, 0)) == 0
    told: list[bytes] = []
    while (message := feed.get_message(timeout=1 if len(told) < 2 else 0)) is not None:
        told.append(message["data"])
    assert told == [
        b'0:{"type":"poll_progress","id":7,"votes":[1,0]}',
        b'0:{"type":"poll_progress","id":7,"votes":[500,500]}',
    ]
    assert POLL_TOLD_MS >= 1_000


def test_the_banned_do_not_vote(room_redis: redis.Redis) -> None:
    room_redis.hset(redis_keys.poll_votes(1, 8), mapping={"ends_at": 10**15, "choices": 2})
    room_redis.hset(redis_keys.room_bans(1), mapping={"5": 0, "6": 1})
    poll = (redis_keys.poll_votes(1, 8), redis_keys.poll_voters(1, 8))
    keys = (*poll, redis_keys.room_feed(1), redis_keys.room_board(1), redis_keys.room_bans(1))
    assert [VOTE.run(room_redis, keys, (8, 0, 1, user_id)) for user_id in (5, 6)] == [b"banned", b"voted"]


# --- over the API, without a gateway


@pytest.fixture
def people(db: None) -> dict[str, User]:
    users = {login: create_user(login=login) for login in ("alice", "charlie")}
    Channel.objects.get_or_create(owner=users["alice"])
    return users


def of(user: User) -> Client:
    return Client(headers={"Authorization": f"Bearer {create_api_token(user=user, name='test')}"})


URL = "/api/v1/channels/alice/chat"
ASKED = {"question": "Which map?", "choices": ["Forest", "Desert"], "seconds": 60}


def test_a_poll_over_the_api(people: dict[str, User]) -> None:
    alice, charlie = of(people["alice"]), of(people["charlie"])
    assert charlie.post(f"{URL}/polls", ASKED, JSON).status_code == 403
    started = alice.post(f"{URL}/polls", ASKED, JSON)
    assert started.status_code == 201
    votes = f"{URL}/polls/{started.json()['id']}/votes"
    assert [charlie.post(votes, {"choice": 2}, JSON).status_code for _ in range(2)] == [204, 409]
    assert Client().post(votes, {"choice": 2}, JSON).status_code in {401, 403}
    assert Client().get(f"{URL}/polls").json()["results"][0]["votes"] == [0, 1]
    assert alice.post(f"{URL}/polls/end").json()["votes"] == [0, 1]
    assert charlie.post(votes, {"choice": 1}, JSON).status_code == 409


def test_a_poll_ends_by_itself_and_once(people: dict[str, User]) -> None:
    of(people["alice"]).post(f"{URL}/polls", ASKED, JSON)
    look_after_polls()
    assert Poll.objects.running().count() == 1
    Poll.objects.update(ends_at=timezone.now() - timedelta(seconds=1))
    look_after_polls()
    look_after_polls()
    assert Poll.objects.get().ended_at


@pytest.mark.parametrize("change", [{"choices": ["a"]}, {"choices": "ab"}, {"seconds": 1}, {"question": ""}])
def test_a_wrong_poll_is_refused(people: dict[str, User], change: dict[str, object]) -> None:
    assert of(people["alice"]).post(f"{URL}/polls", ASKED | change, JSON).status_code == 400
    assert not Poll.objects.exists()


def test_everyone_is_told_his_commands(people: dict[str, User]) -> None:
    def names(client: Client) -> set[str]:
        return {one["name"] for one in client.get(f"{URL}/commands").json()}

    everyones = {"help", "color", "vote", "acknowledge", "mods", "vips"}
    assert names(Client()) == everyones == names(of(people["charlie"]))
    assert {"ban", "poll", "mod"} < names(of(people["alice"]))


def test_a_pin_over_the_api(people: dict[str, User]) -> None:
    alice, charlie = of(people["alice"]), of(people["charlie"])
    assert Client().get(f"{URL}/pin").status_code == 204
    body = {"message_id": "0198c0de-0000-7000-8000-0000000000ff"}
    assert charlie.put(f"{URL}/pin", body, JSON).status_code == 403
    assert alice.put(f"{URL}/pin", body, JSON).status_code == 404
    assert alice.put(f"{URL}/pin", {"message_id": "x"}, JSON).status_code == 400
    assert alice.delete(f"{URL}/pin").status_code == 204


def test_who_is_there_over_the_api(people: dict[str, User]) -> None:
    room_id = Channel.objects.get(owner=people["alice"]).pk
    present = [["alice", "Alice", "broadcaster"], ["charlie", "Charlie", "viewer"]]
    key = redis_keys.room_presence(room_id)
    redis_client().hset(key, "gateway", json.dumps({"at": timezone.now().timestamp(), "people": present}))
    try:
        page = Client().get(f"{URL}/chatters?limit=1").json()
        assert (page["count"], page["results"]) == (
            2,
            [{"login": "alice", "display_name": "Alice", "role": "broadcaster"}],
        )
        assert page["next"]
        assert [one["login"] for one in Client().get(f"{URL}/chatters?name=CH").json()["results"]] == ["charlie"]
    finally:
        redis_client().delete(key)
