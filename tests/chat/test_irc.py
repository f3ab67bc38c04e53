"""IRC from outside: sockets, a real chat process, real Redis and PostgreSQL."""

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest
import redis
from channels.db import database_sync_to_async
from django.conf import settings
from django.db import connection
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from chat.core.roles import Role
from chat.models import RoomRole
from tests.chat.chat_client import ChatClient
from tests.chat.conftest import Cast
from tests.chat.gateway_process import GatewayProcess, PrivateRedis, free_port, wait_until

WAIT_SECONDS = 5
CAPS = "twitch.tv/tags twitch.tv/commands twitch.tv/membership"


@pytest.fixture(scope="module")
def irc_port(private_redis: PrivateRedis, django_db_setup: None) -> Iterator[int]:
    port = free_port()
    environment = os.environ | {
        "MILLRACE_REDIS_URL": private_redis.url,
        "MILLRACE_DB_NAME": str(connection.settings_dict["NAME"]),
    }
    command = [sys.executable, "manage.py", "serve_irc", "--port", str(port)]
    process = subprocess.Popen(command, cwd=settings.BASE_DIR, env=environment)

    def answers() -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    try:
        wait_until(answers, "the IRC server")
        yield port
    finally:
        process.terminate()
        assert process.wait(10) == 0


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
