"""Moderators at work, from outside: real clients, a real chat process, real Redis and PostgreSQL."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass

import pytest
import redis
from channels.db import database_sync_to_async
from websockets.exceptions import ConnectionClosed

from chat.core.roles import Role
from chat.models import Ban, ChatMessage, ModeratorAct, RoomRole
from chat.room_log import store_room_logs
from streaming.channel_services import follow_channel
from streaming.models import Channel
from tests.chat.chat_client import ChatClient, Json
from tests.chat.conftest import Cast
from tests.chat.gateway_process import GatewayProcess, PrivateRedis


@pytest.fixture(autouse=True)
def bob_is_a_moderator(cast: Cast, room_redis: redis.Redis) -> None:
    RoomRole.objects.create(room_id=cast.room_id, user=cast.bob, role=Role.MODERATOR)


@dataclass(frozen=True)
class People:
    """All in one room."""

    bob: ChatClient
    charlie: ChatClient
    reader: ChatClient


Room = Callable[[], AbstractAsyncContextManager[People]]


@pytest.fixture
def room(gateway: GatewayProcess, cast: Cast) -> "Room":
    @asynccontextmanager
    async def opened() -> AsyncIterator[People]:
        url = gateway.url(cast.room_id)
        async with (
            ChatClient(url, token=cast.bob_token) as bob,
            ChatClient(url, token=cast.charlie_token) as charlie,
            ChatClient(url) as reader,
        ):
            yield People(bob, charlie, reader)

    return opened


async def refused(client: ChatClient, text: str) -> Json:
    answer = await client.said(text)
    assert answer["type"] == "refused", answer
    return answer


async def test_a_moderator_has_his_badge(room: Room, cast: Cast) -> None:
    async with room() as people:
        assert people.bob.hello["you"]["badges"] == ["moderator"]
        await people.bob.say("hello")
        assert (await people.reader.wait_for("message"))["user"]["badges"] == ["moderator"]


async def test_a_time_out_removes_silences_and_ends_by_itself(room: Room, gateway: GatewayProcess, cast: Cast) -> None:
    async with room() as people:
        await people.charlie.said("rude words")
        assert (await people.bob.said("/timeout charlie 2s be kind"))["type"] == "done"
        removal = await people.reader.wait_for("user_removed")
        assert (removal["user_id"], removal["login"], removal["seconds"]) == (cast.charlie.pk, "charlie", 2)
        with pytest.raises(ConnectionClosed):
            await people.charlie.wait_for("never")
        async with ChatClient(gateway.url(cast.room_id), token=cast.charlie_token) as again:
            assert again.hello["standing"]["rule"] == "timeout"
            assert 0 < again.hello["standing"]["retry_after"] <= 2
            answer = await refused(again, "hello?")
            assert answer["rule"] == "timeout"
            await asyncio.sleep(answer["retry_after"])
            assert (await again.said("sorry"))["type"] == "ack"
            assert "rude words" not in [text for _, text in again.messages()]


async def spam(client: ChatClient) -> None:
    """Write all the time, until the connection is closed."""
    for number in range(10_000):
        try:
            await client.say(f"spam {number}")
        except ConnectionClosed:
            return
        await asyncio.sleep(0.01)


async def test_after_an_acknowledged_ban_nothing_more_is_said(room: Room, gateway: GatewayProcess, cast: Cast) -> None:
    """Charlie writes through two connections; both are closed."""
    async with room() as people, ChatClient(gateway.url(cast.room_id), token=cast.charlie_token) as other_tab:
        writers = [asyncio.create_task(spam(client)) for client in (people.charlie, other_tab)]
        await people.reader.wait_for("message")
        assert (await people.bob.said("/ban charlie spam"))["type"] == "done"
        await people.bob.said("it is quiet now")
        await asyncio.wait_for(asyncio.gather(*writers), 5)
        await people.bob.said("still quiet")
        await people.reader.wait_for("message", text="still quiet")
    removed_at = next(event["seq"] for event in people.reader.seen if event["type"] == "user_removed")
    later = [text for seq, text in people.reader.messages() if seq > removed_at]
    assert later == ["it is quiet now", "still quiet"]


async def test_a_ban_holds_until_it_is_lifted(room: Room, gateway: GatewayProcess, cast: Cast) -> None:
    async with room() as people:
        await people.bob.said("/ban charlie")
        async with ChatClient(gateway.url(cast.room_id), token=cast.charlie_token) as again:
            assert again.hello["standing"]["rule"] == "banned"
            assert (await refused(again, "let me in"))["rule"] == "banned"
            await people.bob.said("/unban charlie")
            with pytest.raises(ConnectionClosed):
                await again.wait_for("never")
        async with ChatClient(gateway.url(cast.room_id), token=cast.charlie_token) as free:
            assert free.hello["standing"] is None
            assert (await free.said("thank you"))["type"] == "ack"


async def test_a_ban_outlives_redis(room: Room, gateway: GatewayProcess, cast: Cast, room_redis: redis.Redis) -> None:
    async with room() as people:
        await people.bob.said("/ban charlie")
    room_redis.flushall()
    async with ChatClient(gateway.url(cast.room_id), token=cast.charlie_token) as charlie:
        assert (await refused(charlie, "hello"))["rule"] == "banned"


async def test_a_removed_message_is_gone_for_who_comes_later(
    room: Room, gateway: GatewayProcess, cast: Cast, room_redis: redis.Redis
) -> None:
    async with room() as people:
        said = await people.charlie.said("a secret")
        await people.charlie.said("something else")
        assert (await people.bob.said(f"/delete {said['id']}"))["type"] == "done"
        removal = await people.reader.wait_for("message_removed")
        assert (removal["id"], removal["message_seq"]) == (said["id"], said["seq"])
        async with ChatClient(gateway.url(cast.room_id)) as later:
            await later.wait_for("message", text="something else")
            assert [text for _, text in later.messages()] == ["something else"]
        async with ChatClient(gateway.url(cast.room_id, said["seq"] - 1)) as back:
            await back.wait_for("message_removed")
            assert [text for _, text in back.messages()] == ["something else"]
            assert [event["type"] for event in back.seen].count("gap") == 0
    history = json.loads(gateway.get(f"/api/v1/chat/{cast.room_id}/history")[1])
    assert [message["text"] for message in history["messages"]] == ["something else"]
    await database_sync_to_async(store_room_logs)(redis=room_redis)
    kept = await database_sync_to_async(ChatMessage.objects.get)(text="a secret")
    assert kept.removed_at is not None


async def test_clear_removes_everything(room: Room, gateway: GatewayProcess, cast: Cast) -> None:
    async with room() as people:
        await people.charlie.said("one")
        await people.bob.said("/clear")
        await people.reader.wait_for("room_cleared")
        await people.charlie.said("two")
        async with ChatClient(gateway.url(cast.room_id)) as later:
            await later.wait_for("message", text="two")
            assert [text for _, text in later.messages()] == ["two"]


async def test_slow_mode_makes_charlie_wait_but_not_bob(room: Room) -> None:
    async with room() as people:
        await people.bob.said("/slow 30")
        assert (await people.reader.wait_for("room_state"))["modes"]["slow_seconds"] == 30
        assert (await people.charlie.said("first"))["type"] == "ack"
        answer = await refused(people.charlie, "second")
        assert answer["rule"] == "slow"
        assert 25 < answer["retry_after"] <= 30
        assert [(await people.bob.said("hi"))["type"] for _ in range(2)] == ["ack", "ack"]
        await people.bob.said("/slowoff")
        assert (await people.charlie.said("second"))["type"] == "ack"


async def test_followers_only_lets_charlie_in_once_he_follows(room: Room, cast: Cast) -> None:
    async with room() as people:
        await people.bob.said("/followers")
        assert (await refused(people.charlie, "hello"))["rule"] == "followers_only"
        channel = await database_sync_to_async(Channel.objects.get)(pk=cast.room_id)
        await database_sync_to_async(follow_channel)(user=cast.charlie, channel=channel)
        for _ in range(20):  # who was refused a moment ago is not looked up at every try
            if (await people.charlie.said("hello"))["type"] == "ack":
                return
            await asyncio.sleep(0.5)
        pytest.fail("He follows, and is refused all the same.")


async def test_a_mode_that_was_ended_refuses_nobody_any_more(room: Room) -> None:
    async with room() as people:
        await people.bob.said("/linksoff")
        assert (await refused(people.charlie, "see https://example.com"))["rule"] == "links"
        await people.bob.said("/links")
        assert (await people.charlie.said("see https://example.com"))["type"] == "ack"


async def test_unique_chat_refuses_what_was_said(room: Room) -> None:
    async with room() as people:
        await people.bob.said("/uniquechat")
        assert (await people.charlie.said("Hello there"))["type"] == "ack"
        assert (await refused(people.charlie, "hello, THERE!"))["rule"] == "unique_chat"
        assert (await people.charlie.said("hello you"))["type"] == "ack"


async def test_a_blocked_term_is_refused_at_once(room: Room) -> None:
    async with room() as people:
        assert (await people.charlie.said("buy bitcoin"))["type"] == "ack"
        assert (await people.bob.said("/block *coin"))["type"] == "done"
        assert (await refused(people.charlie, "buy Bitcoin"))["rule"] == "blocked_term"
        assert (await people.bob.said("no bitcoin please"))["type"] == "ack"
        await people.bob.said("/unblock *coin")
        assert (await people.charlie.said("bitcoin?"))["type"] == "ack"


async def test_nobody_commands_above_his_role(room: Room, cast: Cast) -> None:
    async with room() as people:
        assert (await refused(people.charlie, "/ban bob"))["rule"] == "command"
        assert (await refused(people.bob, "/mod charlie"))["rule"] == "command"
        assert (await refused(people.bob, "/ban alice"))["rule"] == "permission"
        assert (await refused(people.bob, "/timeout bob"))["rule"] == "permission"
        assert (await refused(people.bob, "/ban nobody_at_all"))["rule"] == "command"
        commands = (await people.charlie.said("/help"))["text"].split()
        assert set(commands) == {"Commands:", "/help", "/color", "/acknowledge", "/vote", "/mods", "/vips"}
    assert not await database_sync_to_async(Ban.objects.exists)()


async def test_a_vip_is_made_and_unmade(room: Room, gateway: GatewayProcess, cast: Cast) -> None:
    url = gateway.url(cast.room_id)
    async with ChatClient(url, token=cast.alice_token) as alice:
        assert (await alice.said("/vip charlie"))["type"] == "done"
        async with ChatClient(url, token=cast.charlie_token) as charlie:
            assert charlie.hello["you"]["badges"] == ["vip"]
            await alice.said("/slow 60")
            assert [(await charlie.said(text))["type"] for text in ("a", "b")] == ["ack", "ack"]
            await alice.said("/unvip charlie")
            with pytest.raises(ConnectionClosed):
                await charlie.wait_for("never")


async def test_everything_a_moderator_does_is_on_record(room: Room, cast: Cast) -> None:
    async with room() as people:
        await people.bob.said("/timeout charlie 60 be kind")
        await people.bob.said("/unban charlie")
        await people.bob.said("/slow 5")
    rows = ModeratorAct.objects.order_by("pk").values_list("act", "actor__login", "reason")
    acts = await database_sync_to_async(list)(rows)
    assert acts == [("timeout", "bob", "be kind"), ("unban", "bob", ""), ("modes", "bob", "")]


async def test_while_redis_is_away_a_ban_is_refused_and_not_half_done(
    room: Room, cast: Cast, private_redis: PrivateRedis
) -> None:
    async with room() as people:
        private_redis.kill()
        try:
            answer = await refused(people.bob, "/ban charlie")
            assert answer["rule"] == "unavailable"
            assert not await database_sync_to_async(Ban.objects.exists)()
        finally:
            private_redis.start()
