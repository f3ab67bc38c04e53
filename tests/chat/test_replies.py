"""Replies: what they carry, and what is left of them when a moderator removes what they quote."""

import json

import pytest

from chat.core.events import Message, MessageRemoved, Person, Quote, UserRemoved
from chat.core.removals import without_removed
from chat.core.replies import find_message, quote, without_quote
from chat.core.requests import Say, parse_request
from chat.core.text import shorten
from chat.errors import MalformedRequestError
from tests.chat.chat_client import ChatClient
from tests.chat.conftest import Cast
from tests.chat.gateway_process import GatewayProcess

BOB = Person(2, "bob", "Bob")
CHARLIE = Person(3, "charlie", "Charlie")
IDS = [f"0198c0de-0000-7000-8000-00000000000{number}" for number in range(4)]


def message(number: int, user: Person, text: str, reply: Quote | None = None) -> Message:
    return Message(IDS[number], "2026-01-01T00:00:00.000Z", user, text, reply=reply, seq=number)


FIRST = message(1, CHARLIE, "what is this game?")
ANSWER = message(2, BOB, "chess", quote(FIRST))
SECOND_ANSWER = message(3, CHARLIE, 'ah, with "queens"', quote(ANSWER))
ROOM = [(one.seq, one.to_json().encode()) for one in (FIRST, ANSWER, SECOND_ANSWER)]


def test_a_reply_carries_who_and_what_it_answers_and_belongs_to_one_thread() -> None:
    assert ANSWER.reply == Quote(IDS[1], 3, "charlie", "Charlie", "what is this game?", IDS[1], "charlie")
    assert SECOND_ANSWER.reply == Quote(IDS[2], 2, "bob", "Bob", "chess", IDS[1], "charlie")
    assert [Message.from_json(encoded) for _, encoded in ROOM] == [FIRST, ANSWER, SECOND_ANSWER]


def test_an_ordinary_message_pays_nothing_for_what_it_is_not() -> None:
    assert set(json.loads(FIRST.to_json())) == {"type", "seq", "id", "sent_at", "user", "text"}


@pytest.mark.parametrize(
    ("text", "length", "short"),
    [
        ("short", 10, "short"),
        ("x" * 300, 200, "x" * 199 + "…"),
        ("one two three", 8, "one two…"),
        ("ab👨‍👩‍👧‍👦cd", 6, "ab…"),
        ("abc\u0301\u0301d", 5, "ab…"),
        ("👋🏽👋🏽", 3, "👋🏽…"),
    ],
)
def test_what_is_quoted_is_short_and_no_character_is_torn(text: str, length: int, short: str) -> None:
    assert shorten(text, length) == short


def test_a_message_is_found_by_its_id_and_not_by_what_others_wrote() -> None:
    forged = message(0, BOB, f'"id":"{IDS[1]}"')
    payloads = [forged.to_json().encode(), *(encoded for _, encoded in ROOM)]
    assert find_message(payloads, IDS[1]) == FIRST
    assert find_message(payloads, "0198c0de-0000-7000-8000-0000000000ff") is None


@pytest.mark.parametrize(
    ("removal", "quotes"),
    [
        (MessageRemoved(IDS[1], 1, "charlie", seq=4), ["", "chess"]),
        (UserRemoved(2, "bob", None, seq=4), ["chess-gone"]),
        (UserRemoved(9, "nobody", None, seq=4), ["what is this game?", "chess"]),
    ],
)
def test_what_was_removed_is_not_left_in_a_quote(removal: MessageRemoved | UserRemoved, quotes: list[str]) -> None:
    head, tail = removal.around_seq()
    left = without_removed([*ROOM, (4, f"{head}4{tail}".encode())])
    found = [json.loads(event)["reply"]["text"] for _, event in left if b'"reply":{' in event]
    assert found == [text.replace("chess-gone", "") for text in quotes]


def test_a_quote_that_someone_writes_is_text() -> None:
    forged = message(0, BOB, '"reply":{"id":"x","user_id":3}').to_json().encode()
    assert without_quote(forged, user_id=3) == forged


@pytest.mark.parametrize("reply_to", [5, "", "x", IDS[1].upper(), IDS[1] + "0", '"', [IDS[1]]])
def test_an_answer_to_what_is_no_id_is_refused(reply_to: object) -> None:
    with pytest.raises(MalformedRequestError):
        parse_request(json.dumps({"type": "say", "text": "x", "reply_to": reply_to}))


def test_a_client_cannot_send_an_announcement_as_such() -> None:
    said = parse_request(json.dumps({"type": "say", "text": "x", "announcement": "blue", "plain": True}))
    assert said == Say("x", None)


async def test_bob_answers_charlie_and_nobody_answers_what_is_gone(gateway: GatewayProcess, cast: Cast) -> None:
    url = gateway.url(cast.room_id)
    async with (
        ChatClient(url, token=cast.alice_token) as alice,
        ChatClient(url, token=cast.bob_token) as bob,
        ChatClient(url) as reader,
    ):
        asked = await alice.said("any questions?")
        await bob.send(type="say", text="what is this?", nonce="1", reply_to=asked["id"])
        reply = (await reader.wait_for("message", text="what is this?"))["reply"]
        assert (reply["id"], reply["login"], reply["text"]) == (asked["id"], "alice", "any questions?")
        assert (await alice.said(f"/delete {asked['id']}"))["type"] == "done"
        await bob.wait_for("message_removed")
        await bob.send(type="say", text="hello?", nonce="2", reply_to=asked["id"])
        assert (await bob.wait_for("refused"))["rule"] == "reply"
        async with ChatClient(url) as later:
            kept = await later.wait_for("message", text="what is this?")
            assert kept["reply"]["text"] == ""


async def test_an_announcement_is_told_as_one_and_only_moderators_make_it(gateway: GatewayProcess, cast: Cast) -> None:
    url = gateway.url(cast.room_id)
    async with ChatClient(url, token=cast.alice_token) as alice, ChatClient(url, token=cast.bob_token) as bob:
        assert (await alice.said("/announceblue a new round begins"))["type"] == "ack"
        assert (await bob.wait_for("message"))["announcement"] == "blue"
        assert (await bob.said("/announce me too"))["rule"] == "command"
