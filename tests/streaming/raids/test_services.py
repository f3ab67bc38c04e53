"""Sending an audience to another channel."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.test import Client
from django.utils import timezone
from redis import Redis

from accounts.models import User
from accounts.notifications import Kind
from accounts.notifications.models import Notification
from accounts.services import create_api_token, suspend_user
from common.errors import Conflict, DomainError, InvalidInput, NotAllowed, NotThere, TooMany
from common.redis import new_async_redis
from streaming.broadcast_services import announce_live
from streaming.models import Broadcast, Channel, Follow, Raid
from streaming.raids import services as raid_services
from streaming.raids.arrivals import invite, note_arrival
from streaming.raids.hosting import update_audience
from streaming.raids.services import advance_raids, cancel_raid, hurry_raid, start_raid
from streaming.services import end_broadcast, watch_state
from streaming.signals import raid_arrived
from tests.streaming.test_consumers import page, receive

pytestmark = pytest.mark.django_db(transaction=True)


def go_live(channel: Channel) -> Broadcast:
    broadcast = Broadcast.objects.create(channel=channel, title="On air")
    broadcast.ingest_sessions.create(client_id=f"c{broadcast.pk}")
    announce_live(stream_id=broadcast.public_id)
    channel.refresh_from_db()
    return broadcast


@pytest.fixture
def source(channel: Channel) -> Channel:
    """Alice's channel, on air."""
    go_live(channel)
    return channel


@pytest.fixture
def target(bob: User) -> Channel:
    """Bob's channel, on air."""
    channel = Channel.objects.get_or_create(owner=bob)[0]
    go_live(channel)
    return channel


def later(seconds: float) -> Any:
    return timezone.now() + timedelta(seconds=seconds)


def state_of(raid: Raid) -> str:
    raid.refresh_from_db()
    return raid.state


def test_raid_counts_down_sends_and_arrives(source: Channel, target: Channel, alice: User) -> None:
    raid = start_raid(source=source, actor=alice, login="@Bob", seconds=30)
    shown = watch_state(channel=source).as_event()["raid"]
    assert (shown["state"], shown["login"], shown["url"]) == ("counting", "bob", f"/bob?raid={raid.pk}")
    assert 20 <= shown["seconds_left"] <= 30
    advance_raids(later(15))
    assert state_of(raid) == "counting"
    advance_raids(later(31))
    assert state_of(raid) == "moving"
    advance_raids(later(35))
    assert state_of(raid) == "moving"  # some are still on their way
    advance_raids(later(45))
    assert state_of(raid) == "arrived"
    assert watch_state(channel=source).raid is None
    [told] = Notification.objects.of(target.owner_id)
    assert (told.happening.kind, told.happening.path) == (Kind.RAID, "/alice")
    assert "raids you with 0 viewers" in told.happening.text


def test_missed_ticks_make_a_raid_later_and_not_lost(source: Channel, target: Channel, alice: User) -> None:
    """Every process was down when the count-down ended: whichever comes back first goes on."""
    raid = start_raid(source=source, actor=alice, login="bob", seconds=10)
    advance_raids(later(3_600))
    assert state_of(raid) == "moving"
    advance_raids(later(3_611))
    assert state_of(raid) == "arrived"


def test_source_that_goes_off_in_mid_count_down_still_raids(source: Channel, target: Channel, alice: User) -> None:
    Channel.objects.filter(pk=source.pk).update(viewer_count=40)
    source.refresh_from_db()
    raid = start_raid(source=source, actor=alice, login="bob", seconds=10)
    end_broadcast(broadcast=source.broadcasts.get(), reason="Over.")
    assert watch_state(channel=source).raid is not None
    advance_raids(later(11))
    assert state_of(raid) == "moving"
    assert raid.viewers == 40


def test_target_that_ends_calls_the_raid_off(source: Channel, target: Channel, alice: User) -> None:
    raid = start_raid(source=source, actor=alice, login="bob")
    end_broadcast(broadcast=target.broadcasts.get(), reason="Over.")
    advance_raids(timezone.now())
    assert state_of(raid) == "cancelled"
    assert "not live any more" in raid.reason


@pytest.mark.parametrize("what", ["door shut", "raider suspended"])
def test_door_is_asked_once_more_before_anybody_is_sent(
    source: Channel, target: Channel, alice: User, bob: User, what: str
) -> None:
    raid = start_raid(source=source, actor=alice, login="bob", seconds=10)
    if what == "door shut":
        update_audience(channel=target, actor=bob, raids_from="nobody")
    else:
        suspend_user(user=alice)
    advance_raids(later(11))
    assert state_of(raid) == "cancelled"


def test_streamer_cancels_or_hurries(source: Channel, target: Channel, alice: User) -> None:
    cancelled = start_raid(source=source, actor=alice, login="bob")
    cancel_raid(source=source, actor=alice)
    assert state_of(cancelled) == "cancelled"
    hurried = start_raid(source=source, actor=alice, login="bob")
    hurry_raid(source=source, actor=alice)
    assert state_of(hurried) == "moving"
    with pytest.raises(NotThere):
        cancel_raid(source=source, actor=alice)  # they have left
    with pytest.raises(NotThere):
        hurry_raid(source=source, actor=alice)


def test_who_cancels_in_the_same_moment_wins_or_loses_whole(source: Channel, target: Channel, alice: User) -> None:
    raid = start_raid(source=source, actor=alice, login="bob", seconds=10)
    due = list(Raid.objects.due(later(11)).for_pages())
    cancel_raid(source=source, actor=alice)
    assert not raid_services._send(due[0], later(11))  # the tick had read it before
    assert state_of(raid) == "cancelled"


@pytest.mark.parametrize(
    ("login", "error", "says"),
    [
        ("nobody", NotThere, "no channel called nobody"),
        ("alice", InvalidInput, "yourself"),
        ("charlie", Conflict, "not live"),
        ("\x00", NotThere, "no channel"),
        ("x" * 300, NotThere, "no channel"),
    ],
)
def test_raid_that_cannot_be_says_why(
    source: Channel, alice: User, charlie: User, login: str, error: type[DomainError], says: str
) -> None:
    Channel.objects.get_or_create(owner=charlie)
    with pytest.raises(error, match=says):
        start_raid(source=source, actor=alice, login=login)
    assert not Raid.objects.exists()


def test_only_one_at_a_time_only_the_broadcaster_and_only_on_air(
    source: Channel, target: Channel, alice: User, bob: User
) -> None:
    start_raid(source=source, actor=alice, login="bob")
    with pytest.raises(Conflict, match="under way"):
        start_raid(source=source, actor=alice, login="bob")
    with pytest.raises(NotAllowed):
        cancel_raid(source=source, actor=bob)
    end_broadcast(broadcast=target.broadcasts.get(), reason="Over.")
    with pytest.raises(Conflict, match="Go live first"):
        start_raid(source=target, actor=bob, login="alice")


def test_raids_of_one_channel_are_bounded(
    source: Channel, target: Channel, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(raid_services._begun, "limit", 1)
    start_raid(source=source, actor=alice, login="bob")
    cancel_raid(source=source, actor=alice)
    with pytest.raises(TooMany):
        start_raid(source=source, actor=alice, login="bob")


def test_door_for_friends_knows_whom_it_follows(source: Channel, target: Channel, alice: User, bob: User) -> None:
    update_audience(channel=target, actor=bob, raids_from="friends", raid_min_account_days=30)
    with pytest.raises(Conflict, match="does not take raids"):
        start_raid(source=source, actor=alice, login="bob")
    Follow.objects.create(user=bob, channel=source)
    start_raid(source=source, actor=alice, login="bob")


async def test_only_who_was_sent_arrives_and_once(empty_redis: Redis) -> None:
    client = new_async_redis()
    await invite(client, raid_id=1, target_id=2, name="user-3")
    assert await note_arrival(client, raid_id=1, target_id=2, name="user-3")
    assert not await note_arrival(client, raid_id=1, target_id=2, name="user-3")
    assert not await note_arrival(client, raid_id=1, target_id=2, name="user-4")
    assert not await note_arrival(client, raid_id=1, target_id=9, name="user-3")
    assert all(empty_redis.ttl(key) > 0 for key in empty_redis.keys("streaming:raid:*"))
    await client.aclose()


def test_announcement_that_fails_is_made_by_the_next_tick(source: Channel, target: Channel, alice: User) -> None:
    raid = start_raid(source=source, actor=alice, login="bob", seconds=10)
    advance_raids(later(11))
    told: list[int] = []

    def tell(raid_id: int, **_: Any) -> None:
        told.append(raid_id)
        if len(told) == 1:
            raise OSError("chat is away")

    raid_arrived.connect(tell)
    try:
        advance_raids(later(30))
        assert state_of(raid) == "moving"
        advance_raids(later(31))
        assert state_of(raid) == "arrived"
        advance_raids(later(32))
    finally:
        raid_arrived.disconnect(tell)
    assert told == [raid.pk, raid.pk]


def _signed_in(user: User) -> Client:
    browser = Client()
    browser.force_login(user)
    return browser


async def test_viewers_are_told_sent_and_counted_where_they_arrive(
    source: Channel, target: Channel, alice: User, charlie: User, empty_redis: Redis
) -> None:
    socket = await sync_to_async(page)("alice", user=charlie)
    looker = page("alice")
    for one in (socket, looker):
        await one.connect()
        await receive(one, "state")
    await socket.send_to('{"type": "watching"}')
    await asyncio.sleep(0.2)
    raid = await sync_to_async(start_raid)(source=source, actor=alice, login="bob", seconds=10)
    assert (await receive(socket, "state"))["raid"]["state"] == "counting"
    await sync_to_async(advance_raids)(later(11))
    assert (await receive(socket, "state"))["raid"]["state"] == "moving"
    assert (await receive(looker, "state"))["raid"]["state"] == "counting"
    assert (await receive(looker, "state"))["raid"]["state"] == "moving"
    arrived = await sync_to_async(page)("bob", user=charlie)
    stranger = page("bob")
    for one in (arrived, stranger):
        await one.connect()
        await one.send_to(f'{{"type": "arrived", "raid": {raid.pk}}}')
        await receive(one, "state")
    await asyncio.sleep(0.2)
    await sync_to_async(advance_raids)(later(25))
    await raid.arefresh_from_db()
    assert (raid.state, raid.arrived) == ("arrived", 1)  # who only looked, and who was not sent, do not count
    for one in (socket, looker, arrived, stranger):
        await one.disconnect()


@pytest.mark.parametrize("raid", ["null", '"1"', "-1", "1e400", "[]", "99999999999999999999999"])
async def test_invented_raids_do_no_harm(source: Channel, raid: str) -> None:
    socket = page("alice")
    await socket.connect()
    await socket.send_to(f'{{"type": "arrived", "raid": {raid}}}')
    await receive(socket, "state")
    assert await socket.receive_nothing(timeout=0.1)
    await socket.disconnect()


def test_api_begins_shows_hurries_and_cancels(source: Channel, target: Channel, alice: User) -> None:
    token = create_api_token(user=alice, name="deck")
    client = Client(headers={"Authorization": f"Bearer {token}"})

    def post(path: str, body: dict[str, Any]) -> Any:
        return client.post(path, body, content_type="application/json")

    assert client.get("/api/v1/raids").status_code == 404
    begun = post("/api/v1/raids", {"to": "bob", "seconds": 60})
    assert (begun.status_code, begun.json()["to"], begun.json()["state"]) == (201, "bob", "counting")
    assert client.get("/api/v1/raids").json()["id"] == begun.json()["id"]
    assert post("/api/v1/raids", {"to": "bob"}).json()["code"] == "raid_running"
    assert client.delete("/api/v1/raids").status_code == 204
    assert post("/api/v1/raids", {"to": "bob", "seconds": 5}).status_code == 400
    assert post("/api/v1/raids", {}).status_code == 400
    post("/api/v1/raids", {"to": "bob"})
    assert post("/api/v1/raids/now", {}).json()["state"] == "moving"
    assert Client().post("/api/v1/raids", {"to": "bob"}, content_type="application/json").status_code == 401
