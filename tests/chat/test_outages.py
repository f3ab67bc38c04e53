"""Slow viewers, a Redis that dies, a server without our protocol, a database that is away."""

import asyncio
import json
import os
import socket
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path

import pytest
from django.db import connection
from django.utils import timezone

from tests.chat.chat_client import ChatClient, Json
from tests.chat.conftest import Cast
from tests.chat.gateway_process import GatewayProcess, PrivateRedis, wait_until
from tests.chat.test_fallbacks import bearer, stream


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[PrivateRedis]:
    server = PrivateRedis(tmp_path)
    server.start()
    yield server
    server.kill()


async def _say_until_acknowledged(client: ChatClient, text: str, nonce: str) -> None:
    """A quick machine says more in a second than one room takes: wait as long as the refusal says."""
    while (answer := await client.said(text, nonce))["type"] != "ack":
        assert answer["rule"] == "rate_room", answer
        await asyncio.sleep(answer["retry_after"])


async def test_a_viewer_who_does_not_read_costs_nobody_anything(private_redis: PrivateRedis, cast: Cast) -> None:
    gateway = GatewayProcess(private_redis.url, environment={"MILLRACE_CHAT_USER_RATE": "100000"})
    try:
        url = gateway.url(cast.room_id)
        slow = await _connect_and_stop_reading(gateway, cast.room_id)
        memory_before = _memory_kb(gateway.pid)
        async with ChatClient(url) as charlie:
            for start in range(0, 1500, 150):  # 1 MB, far more than the kernel and we buffer together
                async with ChatClient(url, token=cast.bob_token) as bob:
                    for number in range(start, start + 150):
                        await _say_until_acknowledged(bob, f"{number} " + "x" * 490, f"n{number}")
            await charlie.wait_until(lambda event: str(event.get("text", "")).startswith("1499 "), 10)
            assert len(charlie.messages()) == 1500
        assert _memory_kb(gateway.pid) - memory_before < 20_000
        events = await _read_rest(slow)
        seqs = [event["seq"] for event in events if event["type"] == "message"]
        gaps = [event for event in events if event["type"] == "gap"]
        assert len(seqs) < 1500
        assert len(gaps) == 1
        assert gaps[0]["first"] == seqs[-1] + 1
        assert gaps[0]["last"] == charlie.messages()[-1][0]
    finally:
        gateway.stop()


async def _connect_and_stop_reading(gateway: GatewayProcess, room_id: int) -> socket.socket:
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    raw.connect(("127.0.0.1", gateway.port))
    key = "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n"
    path = f"/api/v1/chat/{room_id}"
    raw.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n{key}\r\n".encode())
    raw.setblocking(False)
    await asyncio.sleep(0)
    return raw


async def _read_rest(raw: socket.socket) -> list[Json]:
    """Start reading again: everything up to the gap marker."""
    loop = asyncio.get_running_loop()
    received = b""
    async with asyncio.timeout(10):
        while b'"type":"gap"' not in received:
            received += await loop.sock_recv(raw, 65_536)
    body = received.partition(b"\r\n\r\n")[2]
    raw.close()
    return _decode(body)


def _decode(frames: bytes) -> list[Json]:
    events = []
    while len(frames) > 4:
        length, start = (frames[1], 2) if frames[1] < 126 else (int.from_bytes(frames[2:4], "big"), 4)
        if frames[0] == 0x81 and len(frames) >= start + length:
            events.append(json.loads(frames[start : start + length]))
        frames = frames[start + length :]
    return events


def _memory_kb(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") // 1024


async def test_redis_dies_and_comes_back(own_redis: PrivateRedis, cast: Cast) -> None:
    gateway = GatewayProcess(own_redis.url)
    try:
        url = gateway.url(cast.room_id)
        async with ChatClient(url, token=cast.bob_token) as bob, ChatClient(url) as charlie:
            before = await bob.said("before")
            await charlie.wait_for("message", text="before")  # Redis answers the writer before it tells the room
            own_redis.kill()
            await charlie.wait_for("status", connected=False)
            assert (await bob.said("during", "n1"))["rule"] == "unavailable"
            async with ChatClient(url) as late:
                assert late.hello["connected"] is False
                await late.wait_for("message", text="before")
            await asyncio.to_thread(own_redis.start)
            await charlie.wait_for("status", seconds=10, connected=True)
            after = await bob.said("during", "n1")
            assert after["type"] == "ack"
            assert after["seq"] > before["seq"]
            await charlie.wait_for("message", text="during")
            assert [text for _, text in charlie.messages()] == ["before", "during"]
    finally:
        gateway.stop()


async def test_what_was_said_through_another_gateway_during_an_interruption_is_filled_in(
    own_redis: PrivateRedis, cast: Cast
) -> None:
    first, second = GatewayProcess(own_redis.url), GatewayProcess(own_redis.url)
    try:
        async with (
            ChatClient(first.url(cast.room_id)) as charlie,
            ChatClient(second.url(cast.room_id), token=cast.bob_token) as bob,
        ):
            own_redis.client().client_kill_filter(_type="pubsub")  # both gateways lose their subscription only
            acks = [await bob.said(f"m{number}") for number in range(5)]
            await charlie.wait_for("message", text="m4")
            await bob.wait_for("message", text="m4")
            assert (
                [seq for seq, _ in charlie.messages()] == [ack["seq"] for ack in acks] == [s for s, _ in bob.messages()]
            )
    finally:
        first.stop()
        second.stop()


async def test_a_redis_that_lost_everything_never_counts_backwards(own_redis: PrivateRedis, cast: Cast) -> None:
    gateway = GatewayProcess(own_redis.url)
    try:
        async with ChatClient(gateway.url(cast.room_id), token=cast.bob_token) as bob:
            before = await bob.said("before")
            own_redis.client().flushall()
            after = await bob.said("after")
            assert after["seq"] > before["seq"]
            gap = await bob.wait_for("gap")
            assert (gap["first"], gap["last"]) == (before["seq"] + 1, after["seq"] - 1)
            await bob.wait_for("message", text="after")
    finally:
        gateway.stop()


async def test_any_other_server_protocol_works_too(private_redis: PrivateRedis, cast: Cast) -> None:
    gateway = GatewayProcess(private_redis.url, "--ws", "websockets-sansio")
    try:
        url = gateway.url(cast.room_id)
        async with ChatClient(url, token=cast.bob_token) as bob, ChatClient(url) as charlie:
            answers = [await bob.said(f"m{number}") for number in range(5)]
            await charlie.wait_for("message", text="m4")
            assert [seq for seq, _ in charlie.messages()] == [answer["seq"] for answer in answers]
    finally:
        gateway.stop()


async def test_without_the_database_a_known_room_can_be_read(private_redis: PrivateRedis, cast: Cast) -> None:
    with_database = GatewayProcess(private_redis.url)
    without = GatewayProcess(private_redis.url, environment={"MILLRACE_DB_HOST": "/nonexistent"})
    try:
        async with ChatClient(with_database.url(cast.room_id), token=cast.bob_token) as bob:
            await bob.said("remember me")
        url = without.url(cast.room_id)
        async with ChatClient(url, token=cast.bob_token) as reader:
            assert reader.hello["you"] is None
            assert (await reader.wait_for("notice"))["code"] == "sign_in_unavailable"
            await reader.wait_for("message", text="remember me")
            assert (await reader.said("hello?"))["rule"] == "sign_in"
        assert (await asyncio.to_thread(without.get, f"/api/v1/chat/{cast.room_id + 999}/history"))[0] == 503
    finally:
        with_database.stop()
        without.stop()


async def test_a_gateway_starts_before_redis_does(tmp_path: Path, cast: Cast) -> None:
    server = PrivateRedis(tmp_path)
    server.start()
    gateway = GatewayProcess(server.url)
    try:
        server.kill()
        await asyncio.to_thread(wait_until, lambda: gateway.get("/healthz")[0] == 503, "the outage to be noticed")
        async with ChatClient(gateway.url(cast.room_id), token=cast.bob_token) as bob:
            assert bob.hello["connected"] is False
            await asyncio.to_thread(server.start)
            await bob.wait_for("status", seconds=10, connected=True)
            assert (await bob.said("finally"))["type"] == "ack"
    finally:
        gateway.stop()
        server.kill()


async def test_who_came_while_the_database_was_away_is_signed_in_when_it_is_back(
    private_redis: PrivateRedis, cast: Cast, tmp_path: Path
) -> None:
    with_database = GatewayProcess(private_redis.url)
    without = GatewayProcess(private_redis.url, environment={"MILLRACE_DB_HOST": str(tmp_path)})
    try:
        async with ChatClient(with_database.url(cast.room_id), token=cast.bob_token) as bob:
            await bob.said("remember me")
        async with ChatClient(without.url(cast.room_id), token=cast.bob_token) as late:
            assert late.hello["you"] is None
            await asyncio.to_thread(_show_database_in, tmp_path)
            assert (await late.wait_for("signed_in", seconds=30))["you"]["login"] == "bob"
            assert (await late.said("here I am"))["type"] == "ack"
    finally:
        without.stop()
        with_database.stop()


async def _known_within(gateway: GatewayProcess, cast: Cast, *, tries: int) -> str | None:
    """As whom bob is greeted when he comes back, as often as a browser would."""
    for _ in range(tries):
        async with stream(gateway, cast.room_id, "?hello=1", **bearer(cast.bob_token)) as again:
            if (you := (await again.next_event())[1]["you"]) is not None:
                return str(you["login"])
            await again.next_event()
            with pytest.raises(EOFError):
                await again.next_event()
    return None


async def test_a_stream_of_somebody_unknown_ends_and_he_is_known_when_he_comes_back(
    private_redis: PrivateRedis, cast: Cast
) -> None:
    gateway = GatewayProcess(private_redis.url)
    try:
        before = timezone.now()
        assert (await asyncio.to_thread(gateway.get, f"/api/v1/chat/{cast.room_id}/history"))[0] == 200  # known now
        await asyncio.to_thread(_break_database_connections, before)
        async with stream(gateway, cast.room_id, "?hello=1", **bearer(cast.bob_token)) as late:
            assert (await late.next_event())[1]["you"] is None
            assert (await late.next_event())[1]["code"] == "sign_in_unavailable"
            with pytest.raises(EOFError):
                await late.next_event()
        assert await _known_within(gateway, cast, tries=5) == "bob"
    finally:
        gateway.stop()


def _show_database_in(directory: Path) -> None:
    for address in Path(str(connection.settings_dict["HOST"])).glob(".s.PGSQL.*"):
        (directory / address.name).symlink_to(address)


def _break_database_connections(since: datetime) -> None:
    """Those that were opened since then."""
    with closing(connection.copy()) as database, database.cursor() as cursor:
        others = "backend_type = 'client backend' AND pid <> pg_backend_pid() AND backend_start > %s"
        cursor.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}", [since])  # noqa: S608
        assert cursor.fetchall()
