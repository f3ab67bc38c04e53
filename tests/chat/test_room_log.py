"""What was said reaches PostgreSQL, once each."""

import asyncio
from typing import Any

import pytest
import redis

from chat import redis_keys
from chat.models import ChatMessage
from chat.room_log import store_room_logs
from tests.chat.chat_client import ChatClient
from tests.chat.conftest import Cast
from tests.chat.gateway_process import GatewayProcess


@pytest.fixture
def said(gateway: GatewayProcess, cast: Cast, room_redis: redis.Redis) -> list[dict[str, object]]:
    async def talk() -> list[dict[str, object]]:
        async with ChatClient(gateway.url(cast.room_id), token=cast.bob_token) as bob:
            return [await bob.said(f"message {number} 👋") for number in range(3)]

    return asyncio.run(talk())


def test_messages_are_stored_as_they_were_shown(
    said: list[dict[str, object]], cast: Cast, room_redis: redis.Redis
) -> None:
    assert store_room_logs(redis=room_redis) == 3
    rows = list(ChatMessage.objects.filter(room_id=cast.room_id).order_by("seq"))
    assert [(str(row.id), row.seq) for row in rows] == [(ack["id"], ack["seq"]) for ack in said]
    assert [row.text for row in rows] == [f"message {number} 👋" for number in range(3)]
    assert {(row.sender_id, row.login, row.display_name) for row in rows} == {(cast.bob.pk, "bob", "bob")}
    times = [row.id.int >> 80 for row in rows]  # of one millisecond the ids are in no order
    assert times == sorted(times)


def test_a_reply_is_stored_with_what_it_quotes(gateway: GatewayProcess, cast: Cast, room_redis: redis.Redis) -> None:
    async def talk() -> str:
        async with ChatClient(gateway.url(cast.room_id), token=cast.bob_token) as bob:
            parent = str((await bob.said("what is this game?"))["id"])
            await bob.send(type="say", text="chess", reply_to=parent)
            await bob.wait_for("ack")
            return parent

    parent = asyncio.run(talk())
    store_room_logs(redis=room_redis)
    first, second = ChatMessage.objects.order_by("seq")
    assert first.reply is None
    assert second.reply is not None
    assert (second.reply["id"], second.reply["text"]) == (parent, "what is this game?")


def test_storing_again_adds_nothing(said: list[dict[str, object]], room_redis: redis.Redis, cast: Cast) -> None:
    entries: Any = room_redis.xrange(redis_keys.room_log(cast.room_id))
    store_room_logs(redis=room_redis)
    assert room_redis.xlen(redis_keys.room_log(cast.room_id)) == 0
    for entry_id, fields in entries:  # as after a worker that died between its INSERT and its XDEL
        room_redis.xadd("again", fields, id=entry_id)
    room_redis.rename("again", redis_keys.room_log(cast.room_id))
    assert store_room_logs(redis=room_redis) == 3
    assert ChatMessage.objects.count() == 3


def test_a_deleted_sender_does_not_cost_the_others_their_messages(
    said: list[dict[str, object]], cast: Cast, room_redis: redis.Redis
) -> None:
    cast.bob.delete()
    assert store_room_logs(redis=room_redis) == 3
    assert ChatMessage.objects.count() == 3


def test_a_room_that_fell_silent_leaves_the_list(
    said: list[dict[str, object]], cast: Cast, room_redis: redis.Redis
) -> None:
    store_room_logs(redis=room_redis)
    assert room_redis.zcard(redis_keys.logged_rooms()) == 1
    room_redis.zadd(redis_keys.logged_rooms(), {str(cast.room_id): 1})
    store_room_logs(redis=room_redis)
    assert room_redis.zcard(redis_keys.logged_rooms()) == 0
