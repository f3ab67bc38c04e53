"""IRC from outside: sockets, a real chat process, real Redis and PostgreSQL."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import redis
from channels.db import database_sync_to_async
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from accounts.models import User
from accounts.services import create_chat_token, create_limited_token, revoke_api_token
from chat import redis_keys
from chat.core.roles import Role
from chat.models import RoomRole
from tests.chat.chat_client import ChatClient
from tests.chat.conftest import Cast
from tests.chat.gateway_process import GatewayProcess

WAIT_SECONDS = 5
CAPS = "twitch.tv/tags twitch.tv/commands twitch.tv/membership"


class IrcClient:
    """Lines over TCP."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    def send(self, text: str) -> None:
        self._writer.write(text.encode())

    async def line(self) -> str:
        line = await asyncio.wait_for(self._reader.readline(), WAIT_SECONDS)
        return line.decode().removesuffix("\r\n")

    async def wait_for(self, part: str) -> str:
        """The next line with this in it."""
        while part not in (line := await self.line()):
            assert line, f"closed before {part}"
        return line


@asynccontextmanager
async def irc_client(port: int, token: str | None) -> AsyncIterator[IrcClient]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    client = IrcClient(reader, writer)
    name = f"PASS oauth:{token}\r\nNICK bot\r\n" if token else "NICK justinfan1\r\n"
    client.send(f"CAP REQ :{CAPS}\r\n{name}JOIN #alice\r\n")
    try:
        yield client
    finally:
        writer.close()


async def test_bob_speaks_by_irc_and_charlie_by_the_page(
    irc_port: int, gateway: GatewayProcess, cast: Cast, room_redis: redis.Redis
) -> None:
    async with (
        irc_client(irc_port, cast.bob_token) as bob,
        irc_client(irc_port, None) as reader,
        ChatClient(gateway.url(cast.room_id), token=cast.charlie_token) as charlie,
    ):
        for client in (bob, reader):
            await client.wait_for("ROOMSTATE #alice")
        await charlie.said("hello bob")
        assert (await bob.wait_for("PRIVMSG")).endswith("PRIVMSG #alice :hello bob")
        bob.send("PRIVMSG #alice :hello ")
        bob.send("charlie\r\n")
        assert "id=" in await bob.wait_for("USERSTATE")
        assert (await charlie.wait_for("message", text="hello charlie"))["user"]["login"] == "bob"
        assert (await reader.wait_for("hello charlie")).partition(" ")[2].startswith(":bob!bob@bob.tmi.twitch.tv")


async def test_a_bot_wears_the_colour_that_it_chose_without_a_room(
    irc_port: int, gateway: GatewayProcess, cast: Cast, room_redis: redis.Redis
) -> None:
    async with irc_client(irc_port, cast.bob_token) as bob, irc_client(irc_port, None) as reader:
        for client in (bob, reader):
            await client.wait_for("ROOMSTATE #alice")
        bob.send("PRIVMSG #tmijs :/color mauve\r\nPRIVMSG #tmijs :/color Coral\r\n")
        assert "usage_color" in await bob.wait_for("NOTICE #tmijs")
        assert "color_changed" in await bob.wait_for("NOTICE #tmijs")
        async with asyncio.timeout(WAIT_SECONDS):
            while "color=#FF7F50;" not in await _echoed(bob, reader):
                pass  # the order to look again is on its way


async def _echoed(bob: IrcClient, reader: IrcClient) -> str:
    bob.send("PRIVMSG #alice :look\r\n")
    return await reader.wait_for("PRIVMSG #alice :look")


async def test_a_moderator_bot_times_someone_out(
    irc_port: int, gateway: GatewayProcess, cast: Cast, room_redis: redis.Redis
) -> None:
    await database_sync_to_async(RoomRole.objects.create)(room_id=cast.room_id, user=cast.bob, role=Role.MODERATOR)
    async with irc_client(irc_port, cast.bob_token) as bob, irc_client(irc_port, cast.charlie_token) as charlie:
        for client in (bob, charlie):
            await client.wait_for("ROOMSTATE #alice")
        bob.send("PRIVMSG #alice :.timeout charlie 60 be kind\r\n")
        assert "timeout_success" in await bob.wait_for("NOTICE")
        assert "ban-duration=60" in await charlie.wait_for("CLEARCHAT #alice :charlie")
        charlie.send("PRIVMSG #alice :why?\r\n")
        assert "msg_timedout" in await charlie.wait_for("NOTICE")


async def test_a_wrong_token_is_refused_and_the_connection_closed(irc_port: int, cast: Cast) -> None:
    async with irc_client(irc_port, "wrong") as client:
        await client.wait_for("NOTICE * :Login authentication failed")
        assert await client.line() == ""


async def test_bytes_without_an_end_cut_the_client_off(irc_port: int, cast: Cast) -> None:
    async with irc_client(irc_port, None) as client:
        await client.wait_for("ROOMSTATE")
        client.send("x" * 100_000)
        with pytest.raises((AssertionError, ConnectionError)):
            await client.wait_for("never")


async def test_a_flood_of_lines_is_passed_over_and_then_cut_off(irc_port: int, cast: Cast) -> None:
    async with irc_client(irc_port, None) as client:
        await client.wait_for("ROOMSTATE")
        client.send("PING :x\r\n" * 200)
        for _ in range(190):
            await client.wait_for("PONG")
        client.send("PING :x\r\n" * 1000)
        with pytest.raises((AssertionError, ConnectionError)):
            await client.wait_for("never")


async def test_a_thousand_joins_cost_a_hundred_questions(irc_port: int, cast: Cast) -> None:
    async with irc_client(irc_port, None) as client:
        await client.wait_for("ROOMSTATE")
        client.send("".join(f"JOIN #nobody_{number}\r\n" for number in range(150)) + "PING :done\r\n")
        answers = []
        while not (line := await client.line()).endswith(":done"):
            answers.append(line.split(" ")[0])
        assert 90 <= answers.count("@msg-id=msg_channel_suspended") < 110
        assert answers.count("@msg-id=msg_ratelimit") >= 40


async def test_a_revoked_token_ends_its_connection(irc_port: int, cast: Cast, room_redis: redis.Redis) -> None:
    token = await database_sync_to_async(create_chat_token)(user=cast.bob, name="bot", may_moderate=False)
    async with irc_client(irc_port, token) as bob:
        await bob.wait_for("ROOMSTATE #alice")
        await database_sync_to_async(_revoke)(cast.bob, room_redis)
        while await bob.line():
            pass


def _revoke(user: User, room_redis: redis.Redis) -> None:
    revoke_api_token(user=user, token_id=user.api_tokens.get(name="bot").pk)
    # The tests' own process has another Redis than the chat processes: what it told that one, told this one.
    room_redis.publish(redis_keys.gateways_feed(), json.dumps({"sign_out": user.pk}))


async def test_a_token_for_chat_alone_moderates_only_if_it_was_made_to(
    irc_port: int, cast: Cast, room_redis: redis.Redis
) -> None:
    for may_moderate, answer in ((False, "no_permission"), (True, "invalid_user")):
        token = await database_sync_to_async(create_chat_token)(user=cast.alice, name="bot", may_moderate=may_moderate)
        async with irc_client(irc_port, token) as alice:
            await alice.wait_for("ROOMSTATE #alice")
            alice.send("PRIVMSG #alice :/timeout nobody_here\r\n")
            assert answer in await alice.wait_for("NOTICE #alice")


async def test_a_token_that_reads_chat_does_not_write_in_it(irc_port: int, cast: Cast) -> None:
    make = database_sync_to_async(create_limited_token)
    token = await make(user=cast.alice, name="bot", scopes=["chat:read", "channel:moderate"])
    async with irc_client(irc_port, token) as alice:
        await alice.wait_for("ROOMSTATE #alice")
        for line in ("Hello", "/timeout bob", "/color red"):
            alice.send(f"PRIVMSG #alice :{line}\r\n")
            assert "chat:edit" in await alice.wait_for("NOTICE #alice")


@pytest.mark.parametrize("offered", [["irc"], None])
async def test_irc_over_websocket_at_the_root(
    gateway: GatewayProcess, cast: Cast, room_redis: redis.Redis, offered: list[Subprotocol] | None
) -> None:
    """The sub-protocol is echoed only where it was offered."""
    async with connect(f"ws://127.0.0.1:{gateway.port}/", subprotocols=offered) as client:
        assert client.subprotocol == (offered[0] if offered else None)
        for line in (f"CAP REQ :{CAPS}", f"PASS oauth:{cast.bob_token.lower()}", "NICK bob", "JOIN #alice"):
            await client.send(line)
        text = ""
        while "ROOMSTATE #alice" not in text:
            text += str(await asyncio.wait_for(client.recv(), WAIT_SECONDS))
        assert text.index("376 bob") < text.index("USERSTATE #alice") < text.index("ROOMSTATE #alice")
        await client.send("PRIVMSG #alice :from a socket")
        text = str(await asyncio.wait_for(client.recv(), WAIT_SECONDS))
        assert "USERSTATE #alice" in text
