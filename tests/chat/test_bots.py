"""Clients that others wrote, unmodified: tmi.js, Python's irc, twitchAPI's Chat, ii. Each through what it can do."""

import asyncio
import json
import os
import subprocess
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import irc.bot
import irc.client
import pytest
import redis
from channels.db import database_sync_to_async
from django.conf import settings
from pytest_django.live_server_helper import LiveServer
from twitchAPI.chat import Chat, ChatCommand
from twitchAPI.twitch import Twitch
from twitchAPI.type import AuthScope, ChatEvent, InvalidTokenException

from accounts.models import ApiToken
from accounts.services import create_chat_token, token_client_id
from tests.chat.chat_client import ChatClient
from tests.chat.conftest import Cast
from tests.chat.gateway_process import GatewayProcess, wait_until

WAIT_SECONDS = 10.0


def test_tmi_js(gateway: GatewayProcess, cast: Cast, room_redis: redis.Redis) -> None:
    script = Path(__file__).with_name("tmi_bot.cjs")
    environment = os.environ | {"ALICE": cast.alice_token, "BOB": cast.bob_token}
    run = subprocess.run(
        ["node", str(script), str(gateway.port)],
        env=environment | {"NODE_PATH": str(settings.BASE_DIR / "node_modules")},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert run.returncode == 0, run.stderr
    result = json.loads(run.stdout)
    assert result["steps"] == {
        **{f"{who} {act}": done for who in ("alice", "bob", "reader") for act, done in TMI_ARRIVES.items()},
        "bob joins nowhere": "refused: msg_channel_suspended",
        "bob pings": "number",
        "bob says": ["#alice", "hello there"],
        "reader hears": ["hello there", False, "bob", str(cast.bob.pk), "chat", False],
        "bob acts": ["#alice", "\x01ACTION waves\x01"],  # tmi.js's own way to say it
        "reader sees": "waves",
        "bob may not time out": "refused: no_permission",
        "alice times bob out": ["#alice", "bob", 60, "calm down"],
        "alice lifts it": ["#alice", "bob"],
        "alice bans bob": ["#alice", "bob", "enough"],
        "alice unbans bob": ["#alice", "bob"],
        "alice bans nobody": "refused: invalid_user",
        "alice bans herself": "refused: bad_ban_self",
        "no moderators": [],
        "alice makes bob a moderator": ["#alice", "bob"],
        "moderators": ["bob"],
        "alice takes it back": ["#alice", "bob"],
        "alice makes bob a VIP": ["#alice", "bob"],
        "VIPs": ["bob"],
        "alice takes that back": ["#alice", "bob"],
        "no VIPs": [],
        "slow": ["#alice", 15],
        "slow off": ["#alice"],
        "followers only": ["#alice", 30],
        "followers only off": ["#alice"],
        "subscribers": ["#alice"],
        "subscribers off": ["#alice"],
        "r9k": ["#alice"],
        "r9k off": ["#alice"],
        "bob says more": ["#alice", "delete me"],
        "alice deletes it": ["#alice"],
        "alice deletes nothing": "refused: bad_delete_message_error",
        "alice clears": ["#alice"],
        "bob parts": ["#alice"],
        "bob disconnects": "disconnected",
        "a wrong token": "refused: Login authentication failed",
    }
    assert result["heard"] == [
        ["timeout", "bob", None, 60],
        ["ban", "bob", None],
        ["slowmode", True, 15],
        ["slowmode", False, 0],
        ["followersonly", True, 30],
        ["followersonly", False, 0],
        ["subscribers", True],
        ["subscribers", False],
        ["r9kbeta", True],
        ["r9kbeta", False],
        ["messagedeleted", "bob"],
        ["clearchat"],
    ]


TMI_ARRIVES = {"connects": "connected", "joins": ["#alice"]}


class IrcBot(irc.bot.SingleServerIRCBot):  # type: ignore[misc]  # irc is untyped
    """Python's irc as its own examples use it."""

    def __init__(self, port: int, token: str) -> None:
        super().__init__([irc.bot.ServerSpec("127.0.0.1", port, f"oauth:{token}")], "whoever", "whoever")
        self.heard: list[tuple[str, str, str, list[str]]] = []
        self._connect()

    def on_welcome(self, connection: Any, event: Any) -> None:
        connection.cap("REQ", "twitch.tv/tags", "twitch.tv/commands", "twitch.tv/membership")
        connection.join("#alice")

    def _dispatcher(self, connection: Any, event: Any) -> None:
        self.heard.append((event.type, str(event.source), str(event.target), list(event.arguments)))
        super()._dispatcher(connection, event)

    def wait_for(self, matches: Callable[[tuple[str, str, str, list[str]]], bool]) -> list[str]:
        """What came with the first event that matches."""

        def found() -> bool:
            self.reactor.process_once(0.02)
            return any(map(matches, self.heard))

        wait_until(found, f"an event beyond {self.heard}", WAIT_SECONDS)
        return next(event for event in self.heard if matches(event))[3]


async def test_pythons_irc(irc_port: int, gateway: GatewayProcess, cast: Cast, room_redis: redis.Redis) -> None:
    async with ChatClient(gateway.url(cast.room_id), token=cast.charlie_token) as charlie:
        bot = await asyncio.to_thread(IrcBot, irc_port, cast.bob_token)

        async def heard(kind: str, *arguments: str, source: str = "") -> list[str]:
            def matches(event: tuple[str, str, str, list[str]]) -> bool:
                return event[0] == kind and source in event[1] and all(part in event[3] for part in arguments)

            return await asyncio.to_thread(bot.wait_for, matches)

        await heard("endofnames")
        assert "bob" in bot.channels["#alice"].users()
        await heard("roomstate")
        await charlie.said("hello bot")
        await heard("pubmsg", "hello bot", source="charlie!charlie@charlie.tmi.twitch.tv")
        bot.connection.privmsg("#alice", "hello Charlie: how are you?")
        assert (await charlie.wait_for("message", text="hello Charlie: how are you?"))["user"]["login"] == "bob"
        await heard("userstate")
        bot.connection.action("#alice", "waves")
        assert (await charlie.wait_for("message", text="waves"))["action"] is True
        await charlie.said("/me waves back")
        await heard("action", "waves back", source="charlie!")
        bot.connection.ping("tmi.twitch.tv")
        await heard("pong")
        bot.connection.part("#alice")
        await heard("part", source="bob!bob@bob.tmi.twitch.tv")
        bot.connection.quit("bye")
        await heard("disconnect")


async def test_twitch_api_chat(
    gateway: GatewayProcess, cast: Cast, room_redis: redis.Redis, live_server: LiveServer
) -> None:
    token, client_id = await database_sync_to_async(_new_chat_token)(cast)
    async with _twitch(client_id, live_server.url) as twitch:
        with pytest.raises(InvalidTokenException):
            await twitch.set_user_authentication("mrt" + "0" * 27, SCOPES)
        await twitch.set_user_authentication(token, SCOPES)
        chat = await Chat(twitch, connection_url=f"ws://127.0.0.1:{gateway.port}/", initial_channel=["alice"])
        assert chat.username == "bob"
        heard = _listen(chat)
        chat.register_command("mill", _turn)
        await asyncio.to_thread(chat.start)
        try:
            await _until(lambda: bool(heard[ChatEvent.READY]) and chat.is_in_room("alice"))
            await _command_and_moderate(chat, heard, gateway, cast)
            await chat.leave_room("alice")
            await _until(lambda: bool(heard[ChatEvent.LEFT]))
        finally:
            await asyncio.to_thread(chat.stop)


async def _turn(command: ChatCommand) -> None:
    await command.reply(f"turning for {command.user.name}")


async def _command_and_moderate(
    chat: Chat, heard: dict[ChatEvent, list[Any]], gateway: GatewayProcess, cast: Cast
) -> None:
    url = gateway.url(cast.room_id)
    async with ChatClient(url, token=cast.charlie_token) as charlie, ChatClient(url, token=cast.alice_token) as alice:
        await charlie.said("!mill now")
        assert (await charlie.wait_for("message", text="turning for charlie"))["user"]["login"] == "bob"
        said = next(message for message in heard[ChatEvent.MESSAGE] if message.text == "!mill now")
        assert (said.user.name, said.user.id, said.room.name) == ("charlie", str(cast.charlie.pk), "alice")
        doomed = await charlie.said("delete me")
        await alice.said(f"/delete {doomed['id']}")
        await _until(lambda: bool(heard[ChatEvent.MESSAGE_DELETE]))
        await alice.said("/slow 10")
        await _until(lambda: any(change.new.slow == 10 for change in heard[ChatEvent.ROOM_STATE_CHANGE]))
        await alice.said("/timeout charlie 60")
        await _until(lambda: bool(heard[ChatEvent.CHAT_CLEARED]))
        assert heard[ChatEvent.CHAT_CLEARED][0].duration == 60
        await chat.send_message("alice", "/timeout charlie")
        await _until(lambda: any(notice.msg_id == "no_permission" for notice in heard[ChatEvent.NOTICE]))


@asynccontextmanager
async def _twitch(client_id: str, site: str) -> AsyncIterator[Twitch]:
    twitch = Twitch(client_id, base_url=f"{site}/helix/", auth_base_url=f"{site}/oauth2/")
    twitch.auto_refresh_auth = False
    try:
        yield twitch
    finally:
        await twitch.close()  # type: ignore[no-untyped-call]


def _listen(chat: Chat) -> dict[ChatEvent, list[Any]]:
    heard: dict[ChatEvent, list[Any]] = {}
    for event in WATCHED:
        chat.register_event(event, _collector(heard.setdefault(event, [])))
    return heard


SCOPES = [AuthScope.CHAT_READ, AuthScope.CHAT_EDIT]
WATCHED = (
    ChatEvent.READY,
    ChatEvent.MESSAGE,
    ChatEvent.NOTICE,
    ChatEvent.CHAT_CLEARED,
    ChatEvent.MESSAGE_DELETE,
    ChatEvent.ROOM_STATE_CHANGE,
    ChatEvent.LEFT,
)


def _new_chat_token(cast: Cast) -> tuple[str, str]:
    token = create_chat_token(user=cast.bob, name="bot", may_moderate=False)
    return token, token_client_id(ApiToken.objects.get(user=cast.bob, name="bot"))


def _collector(events: list[Any]) -> Callable[[Any], Any]:
    async def collect(event: Any) -> None:
        events.append(event)

    return collect


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(WAIT_SECONDS):
        while not condition():  # noqa: ASYNC110  clients of others tell of their state in no other way
            await asyncio.sleep(0.02)


async def test_ii(irc_port: int, gateway: GatewayProcess, cast: Cast, room_redis: redis.Redis, tmp_path: Path) -> None:
    """ii knows no tags and no capabilities: files are its windows."""
    command = ["ii", "-s", "127.0.0.1", "-p", str(irc_port), "-n", "bob", "-k", "TOKEN", "-i", str(tmp_path)]
    server, room, wire = tmp_path / "127.0.0.1", tmp_path / "127.0.0.1" / "#alice", tmp_path / "wire"
    process = await asyncio.to_thread(_start, command, {"TOKEN": f"oauth:{cast.bob_token}"}, wire)
    try:
        await _until(lambda: "maze of twisty passages" in _read(server / "out"))
        await asyncio.to_thread(_write, server / "in", "/j #alice\n")
        await _until(lambda: "bob" in _read(room / "out"))
        async with ChatClient(gateway.url(cast.room_id), token=cast.charlie_token) as charlie:
            await charlie.said("hello ii")
            await _until(lambda: "<charlie> hello ii" in _read(room / "out"))
            await asyncio.to_thread(_write, room / "in", "hello Charlie\n")
            assert (await charlie.wait_for("message", text="hello Charlie"))["user"]["login"] == "bob"
        await asyncio.to_thread(_write, room / "in", "/l\n")
        await _until(lambda: ":bob!bob@bob.tmi.twitch.tv PART #alice" in _read(wire))
    finally:
        process.terminate()
        process.wait(10)


def _start(command: list[str], environment: dict[str, str], output: Path) -> "subprocess.Popen[bytes]":
    with output.open("wb") as file:
        return subprocess.Popen(command, env=os.environ | environment, stdout=file)


def _read(path: Path) -> str:
    return path.read_text(errors="replace") if path.exists() else ""


def _write(fifo: Path, text: str) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not fifo.exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    fifo.write_text(text)
