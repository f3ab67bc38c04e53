"""Emotes and colours in a real room."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest
import redis
from channels.db import database_sync_to_async
from django.test import override_settings

from chat.emotes import add_common_emote, add_emote, remove_emote
from chat.models import RoomModes
from streaming.models import Channel
from tests.chat.chat_client import ChatClient, Json
from tests.chat.conftest import Cast
from tests.chat.gateway_process import GatewayProcess, PrivateRedis
from tests.common import sample_pictures as sample
from tests.pages.conftest import PLAIN_STATIC_FILES


@pytest.fixture(autouse=True)
def _the_gateways_redis(private_redis: PrivateRedis) -> Iterator[None]:
    """What is done here, outside the gateway, reaches it as it would from the site."""
    with override_settings(REDIS_URL=private_redis.url, STORAGES=PLAIN_STATIC_FILES):
        yield


@asynccontextmanager
async def two(gateway: GatewayProcess, cast: Cast) -> AsyncIterator[tuple[ChatClient, ChatClient]]:
    url = gateway.url(cast.room_id)
    async with ChatClient(url, token=cast.bob_token) as bob, ChatClient(url) as reader:
        yield bob, reader


async def heard(bob: ChatClient, reader: ChatClient, text: str) -> Json:
    """The message as the others get it."""
    answer = await bob.said(text)
    assert answer["type"] == "ack", answer
    return await reader.wait_for("message", id=answer["id"])


async def test_an_emote_is_seen_from_the_moment_it_is_made_until_it_is_removed(
    gateway: GatewayProcess, cast: Cast, room_redis: redis.Redis
) -> None:
    room = await database_sync_to_async(Channel.objects.select_related("owner").get)(pk=cast.room_id)
    async with two(gateway, cast) as (bob, reader):
        assert "emotes" not in await heard(bob, reader, "aliceHype one")
        add = database_sync_to_async(add_emote)
        made = await add(room=room, actor=cast.alice, name="Hype", picture=sample.still())
        assert (await heard(bob, reader, "👋 aliceHype two"))["emotes"] == {made.picture: [[2, 10]]}
        await database_sync_to_async(remove_emote)(room=room, actor=cast.alice, code="aliceHype")
        assert "emotes" not in await heard(bob, reader, "aliceHype three")
    async with ChatClient(gateway.url(cast.room_id)) as late:
        history = [(await late.wait_for("message")).get("emotes") for _ in range(3)]
    assert history == [None, {made.picture: [[2, 10]]}, None]


async def test_an_emote_of_all_chats_reaches_every_gateway(
    gateway: GatewayProcess, cast: Cast, room_redis: redis.Redis
) -> None:
    cast.alice.is_staff = True
    await database_sync_to_async(cast.alice.save)()
    async with two(gateway, cast) as (bob, reader):
        assert "emotes" not in await heard(bob, reader, "LUL")
        made = await database_sync_to_async(add_common_emote)(actor=cast.alice, code="LUL", picture=sample.still())
        async with asyncio.timeout(5):
            while (await heard(bob, reader, "LUL")).get("emotes") != {made.picture: [[0, 2]]}:
                pass  # the order to look again is on its way


async def test_emote_only_mode_refuses_words(gateway: GatewayProcess, cast: Cast, room_redis: redis.Redis) -> None:
    async with (
        two(gateway, cast) as (bob, reader),
        ChatClient(gateway.url(cast.room_id), token=cast.alice_token) as alice,
    ):
        await alice.said("/emoteonly")
        assert (await reader.wait_for("room_state"))["modes"]["emote_only"]
        async with ChatClient(gateway.url(cast.room_id)) as late:
            assert late.hello["modes"]["emote_only"]  # not what was true when the room was last looked up
        refused = await bob.said("hello")
        assert (refused["rule"], refused["retry_after"]) == ("emote_only", None)
        assert (await bob.said("👋"))["type"] == "ack"
        await alice.said("/emoteonlyoff")
        assert (await bob.said("hello"))["type"] == "ack"
    assert not (await database_sync_to_async(RoomModes.objects.get)(room_id=cast.room_id)).emote_only


async def test_a_colour_is_seen_at_once_on_all_of_ones_connections(
    gateway: GatewayProcess, cast: Cast, room_redis: redis.Redis
) -> None:
    async with (
        two(gateway, cast) as (bob, reader),
        ChatClient(gateway.url(cast.room_id), token=cast.bob_token) as phone,
    ):
        assert "color" not in (await heard(phone, reader, "before"))["user"]
        assert (await bob.said("/color DodgerBlue"))["type"] == "done"
        assert (await bob.wait_for("signed_in"))["you"]["color"] == "#1E90FF"
        assert (await heard(bob, reader, "after"))["user"]["color"] == "#1E90FF"
        async with asyncio.timeout(5):
            while (await heard(phone, reader, "and here"))["user"].get("color") != "#1E90FF":
                pass  # the order to look again is on its way
        refused = await bob.said("/color javascript:alert(1)")
        assert refused["rule"] == "command" and "#RRGGBB" in refused["text"]
