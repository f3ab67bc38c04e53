"""Bytes that no honest client sends: refused or closed as the protocol says, and the gateway goes on."""

import asyncio
import json
import os

import httpx
import pytest
import redis
from django.test import Client, override_settings
from websockets.exceptions import ConnectionClosed

from chat.limits import FRAME_MAX_BYTES
from tests.chat.chat_client import ChatClient
from tests.chat.conftest import Cast
from tests.chat.gateway_process import GatewayProcess
from tests.chat.test_irc import irc_client
from tests.pages.conftest import PLAIN_STATIC_FILES

TEXT, CONTINUATION, BINARY, PING, UNKNOWN = 0x1, 0x0, 0x2, 0x9, 0x3
FIN = 0x80


def frame(payload: bytes, opcode: int = TEXT, *, fin: bool = True, masked: bool = True, length: int = -1) -> bytes:
    """A frame as RFC 6455 §5.2 has it, or not quite. The mask is zero, so the payload reads as it is."""
    size = len(payload) if length < 0 else length
    mask = 0x80 if masked else 0
    first = (FIN if fin else 0) | opcode
    if size < 126:
        head = bytes((first, mask | size))
    elif size < 65_536:
        head = bytes((first, mask | 126)) + size.to_bytes(2, "big")
    else:
        head = bytes((first, mask | 127)) + size.to_bytes(8, "big")
    return head + (bytes(4) if masked else b"") + payload


SAY = b'{"type":"say","text":"'
# What is sent and the code that the connection is closed with (RFC 6455 §7.4.1).
CLOSED = {
    "bad UTF-8": (frame(SAY + b'\xff\xfe"}'), 1007),
    "UTF-8 of a surrogate": (frame(SAY + b'\xed\xa0\x80"}'), 1007),
    "overlong UTF-8": (frame(SAY + b'\xc0\xaf"}'), 1007),
    "cut off UTF-8": (frame(SAY + b"\xf0\x9f"), 1007),
    "one frame too long": (frame(b"x" * (FRAME_MAX_BYTES + 1)), 1009),
    "a length of exabytes": (frame(b"", length=2**62), 1009),
    "pieces too long together": (
        frame(b"x" * 9_000, fin=False) + frame(b"x" * 9_000, CONTINUATION, fin=False) + frame(b"", CONTINUATION),
        1009,
    ),
    "no mask": (frame(SAY + b'x"}', masked=False), 1002),
    "an unknown kind of frame": (frame(b"", UNKNOWN), 1002),
    "a long ping": (frame(b"x" * 200, PING), 1002),
    "a piece of nothing": (frame(b"x", CONTINUATION), 1002),
    "reserved bits": (bytes((FIN | 0x70 | TEXT, 0x80)) + bytes(4), 1002),
}


@pytest.mark.parametrize("name", CLOSED)
async def test_frames_against_the_protocol_close_the_connection_and_nothing_else(
    gateway: GatewayProcess, cast: Cast, name: str
) -> None:
    data, code = CLOSED[name]
    url = gateway.url(cast.room_id)
    async with ChatClient(url, token=cast.bob_token) as bob, ChatClient(url, token=cast.charlie_token) as charlie:
        bob.socket.transport.write(data)
        with pytest.raises(ConnectionClosed):
            await bob.wait_for("never")
        assert bob.socket.close_code == code
        assert (await charlie.said("still here"))["type"] == "ack"


@pytest.mark.parametrize("text", ["\\ud800", "\\udfff\\ud800", "a\\ud83d", "\\ud83dx\\ude00", "\\u0000", "x\\u0000y"])
async def test_escaped_halves_of_characters_are_no_error_of_ours(
    gateway: GatewayProcess, cast: Cast, text: str
) -> None:
    """JSON can name code points that no UTF-8 has, and what PostgreSQL cannot store."""
    url = gateway.url(cast.room_id)
    async with (
        ChatClient(url, token=cast.alice_token) as alice,
        ChatClient(url, token=cast.bob_token) as bob,
    ):
        for field in ("text", "nonce", "reply_to"):
            body = {"type": "say", "text": "hello", "nonce": "n"} | {field: "@"}
            await bob.socket.send(json.dumps(body).replace('"@"', f'"{text}"'))
            await bob.wait_until(lambda event: event["type"] in {"ack", "refused"})
        await bob.socket.send('{"type":"auth","token":"@"}'.replace("@", text))
        await bob.wait_for("refused")
        for command in ("note bob", "block", "timeout charlie 60", "poll 1m a | b |", "ban", "pin", "approve"):
            await alice.socket.send('{"type":"say","text":"/' + command + " " + text + '"}')
            await alice.wait_until(lambda event: event["type"] in {"done", "refused"})
        assert (await bob.said("still here"))["type"] == "ack"
    async with httpx.AsyncClient(headers={"Authorization": f"Bearer {cast.bob_token}"}) as client:
        post = f"{gateway.origin}/api/v1/chat/{cast.room_id}/messages"
        assert (await client.post(post, content=f'{{"text":"{text}"}}')).status_code in {201, 400}


async def test_random_bytes_are_survived(gateway: GatewayProcess, cast: Cast) -> None:
    url = gateway.url(cast.room_id)
    async with ChatClient(url, token=cast.charlie_token) as charlie:
        for _ in range(20):
            async with ChatClient(url) as stranger:
                stranger.socket.transport.write(os.urandom(300))
        assert (await charlie.said("still here"))["type"] == "ack"
    assert gateway.get("/healthz")[0] == 200


async def test_requests_that_are_none_are_answered_below_500(gateway: GatewayProcess, cast: Cast) -> None:
    room = f"/api/v1/chat/{cast.room_id}"
    async with httpx.AsyncClient(base_url=gateway.origin, timeout=5) as client:
        for path in (f"{room}/history?since=x", f"{room}?since=x", f"{room}/%00", f"/api/v1/chat/{'9' * 14}/history"):
            assert (await client.get(path)).status_code < 500, path
        for headers in ({"Cookie": "sessionid=\xff\xfe"}, {"Authorization": "Bearer \xff"}, {"Origin": "\xff"}):
            raw = {name.encode(): value.encode("latin-1") for name, value in headers.items()}
            answer = await client.post(f"{room}/messages", json={"text": "x"}, headers=raw)
            assert 400 <= answer.status_code < 500, headers


@override_settings(STORAGES=PLAIN_STATIC_FILES)
def test_names_that_no_database_has_are_answered_by_the_api(cast: Cast) -> None:
    alice = Client(raise_request_exception=False, headers={"Authorization": f"Bearer {cast.alice_token}"})
    failed = []
    chat = "/api/v1/channels/alice/chat"
    for name in ("%00", "a%00b", "%ED%A0%80", "%FF", "x" * 300):
        for method, path in (
            ("get", f"{chat}/people/{name}"),
            ("get", f"{chat}/people/{name}/messages"),
            ("delete", f"{chat}/bans/{name}"),
            ("put", f"{chat}/moderators/{name}"),
            ("delete", f"{chat}/vips/{name}"),
            ("delete", f"{chat}/terms?text={name}"),
            ("delete", f"{chat}/messages/{name}"),
            ("get", f"{chat}/messages?user={name}&q={name}"),
            ("get", f"{chat}/chatters?name={name}"),
            ("post", f"{chat}/held/{name}"),
            ("get", f"/api/v1/channels/{name}/chat/acts"),
            ("get", f"/dashboard/moderation/{name}/"),
        ):
            if getattr(alice, method)(path).status_code >= 500:
                failed.append((method, path))
    for text in ("\\ud800", "\\u0000"):
        for path, field in (
            ("bans", "login"),
            ("warnings", "reason"),
            ("terms", "text"),
            ("polls", "question"),
            ("people/bob/notes", "text"),
            ("held/x", "approve"),
        ):
            body = f'{{"login":"bob","reason":"x","choices":["a","{text}"],"{field}":"{text}"}}'
            if alice.post(f"{chat}/{path}", body, "application/json").status_code >= 500:
                failed.append((text, path))
    assert failed == []


async def test_line_ends_in_what_is_said_do_not_end_the_line(
    gateway: GatewayProcess, irc_port: int, cast: Cast, room_redis: redis.Redis
) -> None:
    async with irc_client(irc_port, None) as reader, ChatClient(gateway.url(cast.room_id), token=cast.bob_token) as bob:
        await reader.wait_for("ROOMSTATE")
        parent = await bob.said("one\r\nPRIVMSG #alice :forged\r\n:x!x@x QUIT\0\u2028\u0085")
        await bob.send(type="say", text="two\rthree\nfour", reply_to=parent["id"])
        assert (await bob.wait_for("ack"))["type"] == "ack"
        first, second = await reader.wait_for("PRIVMSG"), await reader.wait_for("PRIVMSG")
        assert first.endswith("PRIVMSG #alice :one PRIVMSG #alice :forged :x!x@x QUIT")
        assert second.endswith(("PRIVMSG #alice :two three four", ":@bob two three four"))
        reader.send("PING :done\r\n")
        assert (await reader.line()).endswith(":done")


async def test_a_thousand_rooms_at_once_are_not_joined(irc_port: int, cast: Cast, room_redis: redis.Redis) -> None:
    async with irc_client(irc_port, None) as client:
        await client.wait_for("ROOMSTATE")
        names = [f"#nobody_{number}" for number in range(1_000)]
        for start in range(0, 1_000, 200):
            client.send(f"JOIN {','.join(names[start : start + 200])}\r\n")
        client.send("PING :done\r\n")
        answers = []
        async with asyncio.timeout(20):
            while not (line := await client.line()).endswith(":done"):
                assert line, "it was cut off without a word"
                answers.append(line.split(" ")[0])
        assert answers.count("@msg-id=msg_channel_suspended") < 110
        assert len(answers) <= 1_100
