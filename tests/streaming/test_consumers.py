"""A page's socket on a channel."""

import asyncio
import json
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from channels.testing import WebsocketCommunicator
from django.test import Client
from redis import Redis

from accounts.models import User
from accounts.services import suspend_user
from config.asgi import application
from streaming import limits, redis_keys
from streaming.broadcast_services import announce_live
from streaming.models import Broadcast, Channel
from streaming.reconcile import reconcile_broadcasts
from streaming.services import end_broadcast, update_channel
from streaming.tasks import count_viewers
from tests.streaming.conftest import FakeMedia

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def broadcast(channel: Channel) -> Broadcast:
    """Alice is live."""
    broadcast = Broadcast.objects.create(channel=channel, title="Chess")
    broadcast.ingest_sessions.create(client_id="1")
    announce_live(stream_id=broadcast.public_id)
    return broadcast


def page(login: str = "alice", *, user: User | None = None, origin: str = "http://localhost") -> WebsocketCommunicator:
    headers = [(b"origin", origin.encode()), (b"host", b"localhost")]
    if user is not None:
        browser = Client()
        browser.force_login(user)
        headers.append((b"cookie", f"sessionid={browser.cookies['sessionid'].value}".encode()))
    return WebsocketCommunicator(application, f"/api/v1/channels/{login}/events", headers)


async def owner_page(user: User) -> WebsocketCommunicator:
    return await sync_to_async(page)(user=user)


async def receive(socket: WebsocketCommunicator, kind: str) -> dict[str, Any]:
    """The next message of this kind."""
    async with asyncio.timeout(5):
        while True:
            message: dict[str, Any] = json.loads(await socket.receive_from(timeout=5))
            if message["type"] == kind:
                return message


async def closed_with(socket: WebsocketCommunicator) -> int:
    async with asyncio.timeout(8):
        event = await socket.receive_output(timeout=8)
        while event["type"] != "websocket.close":
            event = await socket.receive_output(timeout=8)
    await socket.disconnect()
    return int(event["code"])


async def test_page_is_told_the_state_at_once_and_at_each_change(channel: Channel) -> None:
    socket = page()
    assert (await socket.connect())[0]
    offline = await receive(socket, "state")
    assert (offline["state"], offline["playback"]) == ("offline", None)
    broadcast = await Broadcast.objects.acreate(channel=channel, title="Chess")
    await broadcast.ingest_sessions.acreate(client_id="1")
    await sync_to_async(announce_live)(stream_id=broadcast.public_id)
    live = await receive(socket, "state")
    assert (live["state"], live["stream_id"], live["title"]) == ("live", broadcast.public_id, "Chess")
    assert live["playback"]["hls"].startswith("/media/")
    await sync_to_async(update_channel)(channel=channel, title="Go")
    assert (await receive(socket, "state"))["title"] == "Go"
    await sync_to_async(end_broadcast)(broadcast=broadcast, reason="Over.")
    assert (await receive(socket, "state"))["state"] == "ended"
    await socket.disconnect()


async def test_after_an_outage_of_ours_each_page_reads_the_state_once_more(
    channel: Channel, monkeypatch: pytest.MonkeyPatch, empty_redis: Redis
) -> None:
    monkeypatch.setattr(limits, "ASK_ANEW_SECONDS", 0.1)
    socket = page()
    await socket.connect()
    assert (await receive(socket, "state"))["title"] != "Go"
    await Channel.objects.filter(pk=channel.pk).aupdate(title="Go")  # as if nobody had heard of it

    empty_redis.set(redis_keys.RECONCILE_AT, 1)
    await sync_to_async(reconcile_broadcasts)()
    assert await socket.receive_nothing(timeout=0.5)

    empty_redis.delete(redis_keys.RECONCILE_AT)
    await sync_to_async(reconcile_broadcasts)()
    assert (await receive(socket, "state"))["title"] == "Go"
    await socket.disconnect()


@pytest.mark.parametrize("login", ["nobody", "a" * 26, "..", "%00"])
async def test_unknown_channel_has_no_socket(login: str) -> None:
    try:
        connected = (await page(login).connect())[0]
    except ValueError:  # no such route
        connected = False
    assert not connected


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost.evil.example", ""])
async def test_foreign_origin_is_refused(channel: Channel, origin: str) -> None:
    assert not (await page(origin=origin).connect())[0]


async def watching(redis: Redis, broadcast: Broadcast, many: int) -> None:
    """Wait until so many are noted."""
    for _ in range(250):
        if redis.zcard(redis_keys.viewers(broadcast.public_id)) == many:
            return
        await asyncio.sleep(0.02)
    raise AssertionError(f"{redis.zcard(redis_keys.viewers(broadcast.public_id))} are noted, not {many}")


async def test_watching_socket_counts_as_viewer_until_it_leaves(broadcast: Broadcast, empty_redis: Redis) -> None:
    socket = page()
    await socket.connect()
    await socket.send_to('{"type": "watching"}')
    await watching(empty_redis, broadcast, 1)
    await sync_to_async(count_viewers)()
    assert (await receive(socket, "viewers"))["viewers"] == 1
    await socket.disconnect()
    assert empty_redis.zcard(redis_keys.viewers(broadcast.public_id)) == 0


async def test_page_that_stops_playing_is_no_viewer(broadcast: Broadcast, empty_redis: Redis) -> None:
    socket = page()
    await socket.connect()
    await socket.send_to('{"type": "watching"}')
    await watching(empty_redis, broadcast, 1)
    await socket.send_to('{"type": "stopped"}')
    await watching(empty_redis, broadcast, 0)
    await socket.disconnect()


async def test_page_that_says_it_often_is_one_viewer(broadcast: Broadcast, empty_redis: Redis) -> None:
    socket = page()
    await socket.connect()
    for number in range(5):
        await socket.send_to(json.dumps({"type": "watching", "viewer": f"me-as-number-{number}"}))
    await watching(empty_redis, broadcast, 1)
    await receive(socket, "state")
    assert await socket.receive_nothing(timeout=0.1)
    await watching(empty_redis, broadcast, 1)
    await socket.disconnect()


async def test_signed_in_viewer_with_two_pages_counts_once(
    broadcast: Broadcast, charlie: User, empty_redis: Redis
) -> None:
    pages = [await owner_page(charlie) for _ in range(2)]  # two devices: two sessions
    for socket in pages:
        await socket.connect()
        await socket.send_to('{"type": "watching"}')
        await receive(socket, "state")
        assert await socket.receive_nothing(timeout=0.1)
    await watching(empty_redis, broadcast, 1)
    await pages[0].disconnect()
    await watching(empty_redis, broadcast, 1)
    await pages[1].disconnect()
    await watching(empty_redis, broadcast, 0)


async def test_socket_that_only_looks_is_no_viewer(broadcast: Broadcast, empty_redis: Redis) -> None:
    socket = page()
    await socket.connect()
    await receive(socket, "state")
    assert empty_redis.zcard(redis_keys.viewers(broadcast.public_id)) == 0
    await socket.disconnect()


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        "1",
        '{"type": "state"}',
        '{"type": ["watching"]}',
        "[" * 500,
        '{"type":"watching"' + " " * 600 + "}",
    ],
)
async def test_nonsense_closes_the_socket(channel: Channel, text: str) -> None:
    socket = page()
    await socket.connect()
    await socket.send_to(text)
    assert await closed_with(socket) == 4400


async def test_flood_closes_the_socket(channel: Channel) -> None:
    socket = page()
    await socket.connect()
    for _ in range(limits.SOCKET_MESSAGES_PER_MINUTE + 1):
        await socket.send_to('{"type": "watching"}')
    assert await closed_with(socket) == 4429


async def test_owner_hears_health_and_notices(
    broadcast: Broadcast, alice: User, media: FakeMedia, monkeypatch: pytest.MonkeyPatch
) -> None:
    from streaming.notices import add_notice

    monkeypatch.setattr(limits, "HEALTH_SECONDS", 0.05)
    media.status = {"fps": 30}
    socket = await owner_page(alice)
    await socket.connect()
    assert (await receive(socket, "health"))["fps"] == 30
    await sync_to_async(add_notice)(channel_id=broadcast.channel_id, code="second_encoder", text="Refused.")
    assert (await receive(socket, "notice"))["code"] == "second_encoder"
    await socket.disconnect()


async def test_nobody_else_hears_them(
    broadcast: Broadcast, bob: User, media: FakeMedia, monkeypatch: pytest.MonkeyPatch
) -> None:
    from streaming.notices import add_notice

    monkeypatch.setattr(limits, "HEALTH_SECONDS", 0.05)
    media.status = {"fps": 30}
    socket = await owner_page(bob)
    await socket.connect()
    await receive(socket, "state")
    await sync_to_async(add_notice)(channel_id=broadcast.channel_id, code="second_encoder", text="Refused.")
    assert await socket.receive_nothing(timeout=0.5)
    await socket.disconnect()


@pytest.mark.parametrize("how", ["sign out", "suspend", "password"])
async def test_owners_socket_ends_with_the_session(
    broadcast: Broadcast, alice: User, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.contrib.sessions.models import Session

    monkeypatch.setattr(limits, "SESSION_CHECK_SECONDS", 0.1)
    socket = await owner_page(alice)
    await socket.connect()
    await receive(socket, "state")
    if how == "sign out":
        await Session.objects.all().adelete()
    elif how == "suspend":
        await sync_to_async(suspend_user)(user=alice)
    else:
        alice.set_password("another one entirely")
        await alice.asave()
    assert await closed_with(socket) == 4401


async def test_playback_address_is_renewed_before_it_expires(
    broadcast: Broadcast, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streaming.playback.PLAYBACK_ROUND_SECONDS", 1)
    settings.PLAYBACK_TOKEN_SECONDS = 2
    socket = page()
    await socket.connect()
    first = await receive(socket, "state")
    second = await receive(socket, "state")
    assert second["stream_id"] == first["stream_id"]
    assert second["playback"]["expires_at"] > first["playback"]["expires_at"]
    await socket.disconnect()
