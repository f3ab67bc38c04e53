"""A room from outside: real clients, a real chat process, real Redis and PostgreSQL."""

import asyncio
import json

import pytest
import redis
from asgiref.sync import sync_to_async
from channels.db import database_sync_to_async
from django.contrib.auth.signals import user_logged_out
from pytest_django.fixtures import Settings
from websockets.exceptions import ConnectionClosed, InvalidStatus

from accounts.services import suspend_user
from chat.consumers import RoomConsumer
from tests.chat.chat_client import ChatClient
from tests.chat.conftest import Cast
from tests.chat.gateway_process import GatewayProcess, PrivateRedis


async def test_charlie_reads_what_bob_says_without_signing_in(gateway: GatewayProcess, cast: Cast) -> None:
    url = gateway.url(cast.room_id)
    async with ChatClient(url, token=cast.bob_token) as bob, ChatClient(url) as charlie:
        assert bob.hello["you"] == {"id": cast.bob.pk, "login": "bob", "display_name": "bob", "badges": []}
        assert charlie.hello["you"] is None
        assert charlie.hello["channel_id"] == cast.room_id
        await bob.say("hello & <b>welcome</b> 👋", "n1")
        ack = await bob.wait_for("ack", nonce="n1")
        message = await charlie.wait_for("message")
        assert message["text"] == "hello & <b>welcome</b> 👋"
        assert (message["id"], message["seq"]) == (ack["id"], ack["seq"])
        assert message["user"] == {"id": cast.bob.pk, "login": "bob", "display_name": "bob", "badges": []}
        assert message["sent_at"].endswith("Z")
        assert await _own_copy(bob, "n1") == message


async def _own_copy(client: ChatClient, nonce: str) -> dict[str, object]:
    """The sender's own copy of his message: it may come before or after the ack."""
    return next((event for event in client.seen if event["type"] == "message"), None) or await client.wait_for(
        "message"
    )


async def test_alice_has_the_broadcaster_badge(gateway: GatewayProcess, cast: Cast) -> None:
    async with ChatClient(gateway.url(cast.room_id), token=cast.alice_token) as alice:
        await alice.say("welcome")
        assert (await alice.wait_for("message"))["user"]["badges"] == ["broadcaster"]


async def test_all_readers_see_the_same_order(gateway: GatewayProcess, cast: Cast) -> None:
    url = gateway.url(cast.room_id)
    tokens = [cast.alice_token, cast.bob_token, cast.charlie_token]
    writers = [await ChatClient(url, token=token).__aenter__() for token in tokens]
    readers = [await ChatClient(url).__aenter__() for _ in range(5)]
    await asyncio.gather(*(_say_many(writer, 15) for writer in writers))
    for client in (*writers, *readers):
        while len(client.messages()) < 45:
            await client.next_event()
    orders = {tuple(client.messages()) for client in (*writers, *readers)}
    assert len(orders) == 1
    seqs = [seq for seq, _ in next(iter(orders))]
    assert seqs == list(range(seqs[0], seqs[0] + 45))
    await asyncio.gather(*(client.__aexit__() for client in (*writers, *readers)))


async def _say_many(client: ChatClient, count: int) -> None:
    for number in range(count):
        await client.say(f"{client.hello['you']['login']} {number}", f"n{number}")


async def test_the_same_nonce_twice_is_one_message(gateway: GatewayProcess, cast: Cast) -> None:
    async with ChatClient(gateway.url(cast.room_id), token=cast.bob_token) as bob:
        first = await bob.said("once", "same")
        again = await bob.said("once", "same")
        other = await bob.said("twice", "different")
        assert again == first
        assert other["seq"] == first["seq"] + 1
    async with ChatClient(gateway.url(cast.room_id)) as charlie:
        await charlie.wait_for("message", text="twice")
        assert [text for _, text in charlie.messages()] == ["once", "twice"]


async def test_two_people_may_use_the_same_nonce(gateway: GatewayProcess, cast: Cast) -> None:
    url = gateway.url(cast.room_id)
    async with ChatClient(url, token=cast.bob_token) as bob, ChatClient(url, token=cast.charlie_token) as charlie:
        assert (await bob.said("from bob", "1"))["id"] != (await charlie.said("from charlie", "1"))["id"]


async def test_who_has_not_signed_in_cannot_speak(gateway: GatewayProcess, cast: Cast) -> None:
    async with ChatClient(gateway.url(cast.room_id)) as charlie:
        answer = await charlie.said("let me in", "n")
        assert (answer["type"], answer["nonce"], answer["rule"]) == ("refused", "n", "sign_in")


async def test_a_token_in_the_first_message_signs_in(gateway: GatewayProcess, cast: Cast) -> None:
    async with ChatClient(gateway.url(cast.room_id)) as bob:
        await bob.send(type="auth", token=cast.bob_token)
        assert (await bob.wait_for("signed_in"))["you"]["login"] == "bob"
        assert (await bob.said("now I can"))["type"] == "ack"


async def test_a_wrong_token_in_a_message_is_refused(gateway: GatewayProcess, cast: Cast) -> None:
    async with ChatClient(gateway.url(cast.room_id)) as bob:
        await bob.send(type="auth", token=cast.bob_token[:-1] + "x")
        assert (await bob.wait_for("refused"))["rule"] == "token"
        assert (await bob.said("still not"))["rule"] == "sign_in"


async def test_a_wrong_bearer_token_is_401(gateway: GatewayProcess, cast: Cast) -> None:
    assert await _status(gateway.url(cast.room_id), token="mr_pat_wrong") == 401


async def test_an_unknown_room_is_404(gateway: GatewayProcess, cast: Cast) -> None:
    assert await _status(gateway.url(cast.room_id + 1000)) == 404
    assert await _status(gateway.url(10**30)) == 404
    assert await _status(gateway.url(cast.room_id) + "/elsewhere") == 404


async def test_a_session_cookie_signs_in(gateway: GatewayProcess, cast: Cast, bob_session: str) -> None:
    async with ChatClient(gateway.url(cast.room_id), cookie=bob_session, origin=gateway.origin) as bob:
        assert bob.hello["you"]["login"] == "bob"
        assert (await bob.said("from my browser"))["type"] == "ack"


@pytest.mark.parametrize(
    "origin",
    [
        "https://site.evil",
        "null",
        "http://127.0.0.1.evil:23000",
        "http://evil@x",
        "http://[::1",
        "http://127.0.0.1:port",
        None,
    ],
)
async def test_a_cookie_from_a_foreign_page_is_403(
    gateway: GatewayProcess, cast: Cast, bob_session: str, origin: str | None
) -> None:
    assert await _status(gateway.url(cast.room_id), cookie=bob_session, origin=origin) == 403


async def test_a_foreign_page_cannot_read_either(gateway: GatewayProcess, cast: Cast) -> None:
    assert await _status(gateway.url(cast.room_id), origin="https://site.evil") == 403


async def _status(url: str, **how: str | None) -> int:
    try:
        async with ChatClient(url, **how):
            return 101
    except InvalidStatus as error:
        return error.response.status_code


async def test_the_last_hundred_messages_come_on_joining(
    gateway: GatewayProcess, cast: Cast, room_redis: redis.Redis
) -> None:
    url = gateway.url(cast.room_id)
    async with ChatClient(url, token=cast.alice_token) as alice, ChatClient(url, token=cast.bob_token) as bob:
        for number in range(90):
            assert (await alice.said(f"a{number}"))["type"] == "ack"
        for number in range(20):
            assert (await bob.said(f"b{number}"))["type"] == "ack"
    async with ChatClient(url) as charlie:
        await charlie.wait_for("message", text="b19")
        texts = [text for _, text in charlie.messages()]
        assert texts == [f"a{number}" for number in range(10, 90)] + [f"b{number}" for number in range(20)]
        assert charlie.hello["seq"] <= charlie.messages()[-1][0]


async def test_who_comes_back_gets_exactly_what_he_missed(gateway: GatewayProcess, cast: Cast) -> None:
    url = gateway.url(cast.room_id)
    async with ChatClient(url, token=cast.alice_token) as alice:
        seqs = [(await alice.said(f"m{number}"))["seq"] for number in range(10)]
        async with ChatClient(gateway.url(cast.room_id, since=seqs[6])) as charlie:
            await alice.say("live")
            await charlie.wait_for("message", text="live")
            assert [text for _, text in charlie.messages()] == ["m7", "m8", "m9", "live"]
            assert all(event["type"] != "gap" for event in charlie.seen)


@pytest.mark.parametrize(
    "query", ["?since=x", "?since=-1", "?since=1&since=2", "?" + "&".join("abcdefghijklm"), "?since=" + "9" * 40]
)
async def test_a_nonsensical_query_gets_the_history(gateway: GatewayProcess, cast: Cast, query: str) -> None:
    async with ChatClient(gateway.url(cast.room_id), token=cast.bob_token) as bob:
        await bob.said("for everyone")
    async with ChatClient(gateway.url(cast.room_id) + query) as charlie:
        await charlie.wait_for("message", text="for everyone")


async def test_who_was_away_too_long_is_told_of_the_gap(
    gateway: GatewayProcess, cast: Cast, room_redis: redis.Redis
) -> None:
    url = gateway.url(cast.room_id)
    async with ChatClient(url, token=cast.alice_token) as alice:
        first = (await alice.said("first"))["seq"]
        async with ChatClient(gateway.url(cast.room_id, since=first - 5)) as charlie:
            gap = await charlie.wait_for("gap")
            assert (gap["first"], gap["last"]) == (first - 4, first - 1)
            await charlie.wait_for("message", text="first")


async def test_the_twenty_first_message_in_a_minute_is_refused(gateway: GatewayProcess, cast: Cast) -> None:
    async with ChatClient(gateway.url(cast.room_id), token=cast.bob_token) as bob:
        answers = [await bob.said(f"m{number}") for number in range(21)]
        assert [answer["type"] for answer in answers] == ["ack"] * 20 + ["refused"]
        assert answers[20]["rule"] == "rate_user"
        assert 50 < answers[20]["retry_after"] <= 60


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("", "empty"),
        (" \u200b\u202e ", "empty"),
        ("x" * 501, "length"),
        ("\ud83d", "characters"),
        ("👨‍👩‍👧‍👦" * 90, "length"),
    ],
)
async def test_a_refusal_names_its_rule(gateway: GatewayProcess, cast: Cast, text: str, rule: str) -> None:
    async with ChatClient(gateway.url(cast.room_id), token=cast.bob_token) as bob:
        answer = await bob.said(text, "n")
        assert (answer["type"], answer["rule"], answer["nonce"]) == ("refused", rule, "n")
        assert (await bob.said("x" * 500, "n"))["type"] == "ack"


@pytest.mark.parametrize(
    "frame",
    [
        "not json",
        "[]",
        "42",
        '{"type":"shout","nonce":"n"}',
        '{"type":"say","text":5}',
        '{"type":"say","text":"x","nonce":{"a":1}}',
        '{"type":"say","text":"x","nonce":"' + "n" * 65 + '"}',
        "[" * 5000 + "]" * 5000,
        '{"type":"auth"}',
        b"\x00\x01",
    ],
)
async def test_frames_outside_the_protocol_are_refused(gateway: GatewayProcess, cast: Cast, frame: str | bytes) -> None:
    async with ChatClient(gateway.url(cast.room_id), token=cast.bob_token) as bob:
        await bob.socket.send(frame)
        assert (await bob.wait_for("refused"))["rule"] == "format"
        assert (await bob.said("still here"))["type"] == "ack"


async def test_a_frame_over_16_kilobytes_closes_the_connection(gateway: GatewayProcess, cast: Cast) -> None:
    async with ChatClient(gateway.url(cast.room_id), token=cast.bob_token) as bob:
        await bob.say("x" * 17_000)
        with pytest.raises(ConnectionClosed):
            await bob.wait_for("ack")
        assert bob.socket.close_code == 1009


async def test_a_flood_is_refused_and_then_cut_off(gateway: GatewayProcess, cast: Cast) -> None:
    async with ChatClient(gateway.url(cast.room_id)) as charlie:
        with pytest.raises(ConnectionClosed):
            for _ in range(5000):
                await charlie.socket.send("{}")
            await charlie.wait_for("never", 30)
        assert charlie.socket.close_code == 1008
        assert any(event.get("rule") == "rate_connection" for event in charlie.seen)


async def test_history_can_be_read_over_http(gateway: GatewayProcess, cast: Cast) -> None:
    async with ChatClient(gateway.url(cast.room_id), token=cast.bob_token) as bob:
        ack = await bob.said("for the record")
    status, body = await asyncio.to_thread(gateway.get, f"/api/v1/chat/{cast.room_id}/history")
    answer = json.loads(body)
    assert (status, answer["seq"], answer["channel_id"]) == (200, ack["seq"], cast.room_id)
    assert answer["messages"][-1]["text"] == "for the record"
    assert (await asyncio.to_thread(gateway.get, "/api/v1/chat/999999/history"))[0] == 404


@pytest.mark.parametrize("ending", ["suspended", "logged out"])
async def test_an_ended_session_ends_the_connection(
    gateway: GatewayProcess, private_redis: PrivateRedis, settings: Settings, cast: Cast, ending: str
) -> None:
    settings.REDIS_URL = private_redis.url
    url = gateway.url(cast.room_id)
    async with ChatClient(url, token=cast.bob_token) as bob, ChatClient(url, token=cast.charlie_token) as charlie:
        if ending == "suspended":
            await database_sync_to_async(suspend_user)(user=cast.bob)
        else:
            await sync_to_async(user_logged_out.send)(sender=type(cast.bob), request=None, user=cast.bob)
        with pytest.raises(ConnectionClosed):
            await bob.wait_for("never")
        assert bob.socket.close_code == 1008
        assert (await charlie.said("still here"))["type"] == "ack"


async def test_who_was_refused_and_talks_on_is_passed_over() -> None:
    consumer = RoomConsumer()
    consumer.viewer = None
    await consumer.websocket_receive({"type": "websocket.receive", "text": "{}"})
