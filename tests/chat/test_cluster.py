"""Rooms in a Redis Cluster: each wholly on one master, all of them together on every one."""

import asyncio
import inspect
import json
import secrets
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest
import redis
from channels.db import database_sync_to_async
from pytest_django.fixtures import Settings
from redis.asyncio.cluster import RedisCluster
from redis.crc import key_slot
from websockets.exceptions import ConnectionClosed

from accounts.services import create_api_token, create_user
from chat import redis_keys
from chat.acts import perform
from chat.core.events import Message, Person, RoomCleared
from chat.core.rules import Allowance, RateLimit, Refusal, Speaker
from chat.history import read_after, read_latest
from chat.models import ChatMessage
from chat.orders import sign_out_everywhere
from chat.presence import PresenceReporter
from chat.publish import Published, RoomPublisher
from chat.redis_connections import log_client, publish_to_room
from chat.room_log import store_room_logs
from streaming.models import Channel
from tests.chat.chat_client import ChatClient
from tests.chat.gateway_process import GatewayProcess, PrivateRedis, wait_until
from tests.chat.redis_cluster import MASTERS, Master, redis_cluster, wait_until_whole

ROOMS = range(1, 31)
BOB, CHARLIE = 102, 103
OF_A_ROOM = [
    function
    for _, function in inspect.getmembers(redis_keys, inspect.isfunction)
    if "room_id" in inspect.signature(function).parameters
]
OF_NO_ROOM = {"logged_rooms", "gateways_feed"}


class Room(NamedTuple):
    id: int
    owner_id: int
    token: str


@pytest.fixture
def masters(tmp_path: Path) -> Iterator[list[Master]]:
    with redis_cluster(tmp_path) as masters:
        yield masters


# Masters agree on who is back after twice their time-out, and a gateway asks less and less often until then.
RETURN_SECONDS = 40.0


def keys_of(room_id: int) -> list[str]:
    """Every key a room has."""
    values = {"room_id": room_id, "user_id": BOB, "client_nonce": "n{1}", "digest": "d}2{", "poll_id": 9}
    return [
        function(**{name: values[name] for name in inspect.signature(function).parameters}) for function in OF_A_ROOM
    ]


def test_all_keys_of_a_room_are_in_one_slot_and_rooms_in_many() -> None:
    for room_id in ROOMS:
        assert len({key_slot(key.encode()) for key in keys_of(room_id)}) == 1
    assert len({key_slot(keys_of(room_id)[0].encode()) for room_id in ROOMS}) == len(ROOMS)
    functions = {name for name, _ in inspect.getmembers(redis_keys, inspect.isfunction)}
    assert {function.__name__ for function in OF_A_ROOM} == functions - OF_NO_ROOM
    assert key_slot(b"chat:1:seq") != key_slot(b"chat:1:history")  # without the tag they would be apart


def message(number: int, user_id: int = BOB) -> Message:
    return Message(f"id{number}", "2026-01-01T00:00:00.000Z", Person(user_id, "bob", "bob"), f"message {number}")


def allowance(user_id: int = BOB) -> Allowance:
    speaker = Speaker(user_id=user_id, login="bob", display_name="bob")
    return Allowance(speaker, "", RateLimit(100, 60), RateLimit(100, 1), slow_seconds=0, words="said once")


async def test_rooms_work_on_every_master(masters: list[Master], monkeypatch: pytest.MonkeyPatch) -> None:
    async def no_bans(room_id: int) -> dict[int, int]:
        return {CHARLIE: 0}

    port = masters[0].port
    site = redis.RedisCluster(host="127.0.0.1", port=port, decode_responses=True)  # as the site's processes use it
    monkeypatch.setattr("chat.acts.redis_client", lambda: site)
    async with RedisCluster(host="127.0.0.1", port=port) as cluster:
        publisher = RoomPublisher(cluster, no_bans)  # type: ignore[arg-type]  # it has the same commands
        for room_id in ROOMS:
            said = await publisher.publish_message(
                room_id=room_id, message=message(room_id), nonce="n", allowance=allowance()
            )
            again = await publisher.publish_message(
                room_id=room_id, message=message(0), nonce="n", allowance=allowance()
            )
            banned = await publisher.publish_message(
                room_id=room_id, message=message(1, CHARLIE), nonce=None, allowance=allowance(CHARLIE)
            )
            assert isinstance(said, Published)
            assert again == said
            assert isinstance(banned, Refusal)
            ((seq, payload),) = await read_latest(cluster, room_id, 10)  # type: ignore[arg-type]
            assert (seq, b'"message %d"' % room_id in payload) == (said.seq, True)
            await asyncio.to_thread(perform, Channel(pk=room_id), RoomCleared())
            assert [seq for seq, _ in await read_after(cluster, room_id, said.seq, 10)] == [said.seq + 1]  # type: ignore[arg-type]
    rooms_at = Counter(
        number
        for room_id in ROOMS
        for number, master in enumerate(masters)
        if master.holds(redis_keys.room_sequence(room_id))
    )
    assert sorted(rooms_at) == list(range(MASTERS))
    assert rooms_at.total() == len(ROOMS)


@pytest.fixture
def gateways(
    masters: list[Master], private_redis: PrivateRedis, transactional_db: None
) -> Iterator[list[GatewayProcess]]:
    environment = {"MILLRACE_CHAT_REDIS_CLUSTER": f"redis://127.0.0.1:{masters[1].port}"}
    started = [GatewayProcess(private_redis.url, environment=environment) for _ in range(2)]
    yield started
    for one in started:
        one.stop()


@pytest.fixture
def rooms(masters: list[Master], transactional_db: None) -> list[Room]:
    """A room on each master, in their order."""
    found: dict[int, Room] = {}
    while len(found) < MASTERS:
        owner = create_user(login=f"owner_{secrets.token_hex(4)}")
        channel, _ = Channel.objects.get_or_create(owner=owner)
        [home] = [at for at, master in enumerate(masters) if master.holds(redis_keys.room_feed(channel.pk))]
        found.setdefault(home, Room(channel.pk, owner.pk, create_api_token(user=owner, name="test")))
    return [found[at] for at in range(MASTERS)]


@asynccontextmanager
async def in_room(gateways: list[GatewayProcess], room: Room) -> AsyncIterator[tuple[ChatClient, ChatClient]]:
    """The owner at one gateway and a reader at the other."""
    one, other = (gateway.url(room.id) for gateway in gateways)
    async with ChatClient(one, token=room.token) as writer, ChatClient(other) as reader:
        assert writer.hello["connected"]
        assert reader.hello["connected"]
        yield writer, reader


async def test_a_gateway_serves_rooms_on_every_master_and_the_others_when_one_restarts(
    gateways: list[GatewayProcess], masters: list[Master], rooms: list[Room]
) -> None:
    for away in range(MASTERS):
        await check_restart(away, gateways, masters, rooms)
        wait_until_whole(masters)


async def check_restart(away: int, gateways: list[GatewayProcess], masters: list[Master], rooms: list[Room]) -> None:
    async with AsyncExitStack() as stack:
        pairs = [await stack.enter_async_context(in_room(gateways, room)) for room in rooms]
        for writer, reader in pairs:
            assert (await writer.said("before"))["type"] == "ack"
            await reader.wait_for("message", text="before")
            assert (await writer.said("/clear"))["type"] == "done"
            await reader.wait_for("room_cleared")
        heard = [master.client.pubsub_shardchannels() for master in masters]
        feeds = [redis_keys.room_feed(room.id).encode() for room in rooms]
        assert heard == [[feed] for feed in feeds], "each feed at its own master, and nowhere else"
        assert [master.client.pubsub_channels("chat:{*") for master in masters] == [[]] * MASTERS

        masters[away].kill()
        for client in pairs[away]:
            await client.wait_for("status", connected=False)
        refused = await pairs[away][0].said("while it is away", f"n1-{away}")
        assert (refused["type"], refused["rule"]) == ("refused", "unavailable")
        for number, at in enumerate([at for at in range(MASTERS) if at != away] * 5):
            writer, reader = pairs[at]
            assert (await writer.said(f"during {number}"))["type"] == "ack"
            await reader.wait_for("message", text=f"during {number}")
            assert [event for event in reader.seen if event["type"] == "status"] == []
            await asyncio.sleep(0.3)
        assert (await writer.said("/clear"))["type"] == "done"
        await reader.wait_for("room_cleared")

        masters[away].start()
        writer, reader = pairs[away]
        for client in (writer, reader):
            await client.wait_for("status", seconds=RETURN_SECONDS, connected=True)
        assert (await writer.said("after", f"n2-{away}"))["type"] == "ack"
        await reader.wait_for("message", text="after")
        assert [text for _, text in reader.messages()][-2:] == ["before", "after"]
        assert [event for event in reader.seen if event["type"] == "gap"] == []


async def test_what_the_site_does_reaches_rooms_and_gateways(
    gateways: list[GatewayProcess], masters: list[Master], rooms: list[Room], settings: Settings
) -> None:
    settings.CHAT_REDIS_CLUSTER = f"redis://127.0.0.1:{masters[2].port}"
    for room in rooms:
        async with in_room(gateways, room) as (owner, reader):
            assert (await owner.said("to be stored"))["type"] == "ack"
            assert (await owner.said("/poll 60 Which? | this | that"))["type"] == "done"
            await owner.heard("poll_changed")  # nobody votes before he sees the poll
            assert (await owner.said("/vote 2"))["type"] == "done"
            await reader.wait_for("poll_progress", votes=[0, 1])
            await asyncio.to_thread(publish_to_room, room.id, '0:{"type":"notice","code":"x","text":"from the site"}')
            await reader.wait_for("notice", text="from the site")
    assert await database_sync_to_async(store_room_logs)(redis=log_client()) >= MASTERS
    assert await database_sync_to_async(ChatMessage.objects.filter(text="to be stored").count)() == MASTERS
    async with in_room(gateways, rooms[0]) as (owner, _):
        await asyncio.to_thread(sign_out_everywhere, user_id=rooms[0].owner_id)
        with pytest.raises(ConnectionClosed):
            await owner.wait_for("never")
        assert owner.socket.close_code == 1008


async def test_orders_to_all_gateways_reach_them_through_any_master(
    gateways: list[GatewayProcess], masters: list[Master], rooms: list[Room]
) -> None:
    for master in masters:
        async with in_room(gateways, rooms[0]) as (owner, _):
            master.client.publish(redis_keys.gateways_feed(), json.dumps({"sign_out": rooms[0].owner_id}))
            with pytest.raises(ConnectionClosed):
                await owner.wait_for("never")
            assert owner.socket.close_code == 1008


async def test_who_is_there_is_written_down_on_every_master(masters: list[Master]) -> None:
    people = [SimpleNamespace(person=Person(BOB, "bob", "bob"))]
    present: Any = [SimpleNamespace(room_id=room_id, viewers=people) for room_id in ROOMS]
    async with RedisCluster(host="127.0.0.1", port=masters[0].port) as cluster:
        await PresenceReporter(cluster).report(present, 0.0)  # type: ignore[arg-type]  # it has the same commands
        for room_id in ROOMS:
            assert len(await cluster.hgetall(redis_keys.room_presence(room_id))) == 1


async def test_a_slot_that_moves_takes_its_readers_along(
    gateways: list[GatewayProcess], masters: list[Master], rooms: list[Room]
) -> None:
    slot = key_slot(redis_keys.room_feed(rooms[0].id).encode())
    old, new = masters[0], masters[1]
    async with in_room(gateways, rooms[0]) as (writer, reader):
        assert (await writer.said("before"))["type"] == "ack"
        await reader.wait_for("message", text="before")
        await asyncio.to_thread(_move, slot, old, new, masters)
        await reader.wait_for("status", connected=False)
        await reader.wait_for("status", seconds=RETURN_SECONDS, connected=True)
        assert (await writer.said("after"))["type"] == "ack"
        await reader.wait_for("message", text="after")
        assert [text for _, text in reader.messages()] == ["before", "after"]


async def test_a_gateway_starts_while_a_master_is_away(
    masters: list[Master], rooms: list[Room], private_redis: PrivateRedis
) -> None:
    masters[0].kill()
    environment = {"MILLRACE_CHAT_REDIS_CLUSTER": f"redis://127.0.0.1:{masters[1].port}"}
    gateway = await asyncio.to_thread(GatewayProcess, private_redis.url, environment=environment)
    try:
        async with in_room([gateway, gateway], rooms[2]) as (owner, reader):
            assert (await owner.said("here we are"))["type"] == "ack"
            await reader.wait_for("message", text="here we are")
        async with ChatClient(gateway.url(rooms[0].id)) as reader:
            assert not reader.hello["connected"]
            masters[0].start()
            await reader.wait_for("status", seconds=RETURN_SECONDS, connected=True)
    finally:
        gateway.stop()


async def test_a_replica_that_takes_over_is_found(
    gateways: list[GatewayProcess], masters: list[Master], rooms: list[Room], tmp_path: Path
) -> None:
    replica = Master(tmp_path / "replica")
    try:
        await asyncio.to_thread(_replicate, masters[0], replica)
        async with in_room(gateways, rooms[0]) as (owner, reader):
            assert (await owner.said("before"))["type"] == "ack"
            await reader.wait_for("message", text="before")
            await asyncio.to_thread(wait_until, lambda: _has_all(replica, masters[0]), "the replica to have it too")
            masters[0].kill()
            await reader.wait_for("status", connected=False)
            for client in (owner, reader):
                await client.wait_for("status", seconds=RETURN_SECONDS, connected=True)
            assert (await owner.said("after"))["type"] == "ack"
            await reader.wait_for("message", text="after")
            assert [text for _, text in reader.messages()] == ["before", "after"]
            assert [event for event in reader.seen if event["type"] == "gap"] == []
    finally:
        replica.client.close()
        replica.kill()


def _has_all(replica: Master, master: Master) -> bool:
    """Whatever was written to the master until now. Redis' WAIT knows only of its own connection's writes."""
    written = master.client.info("replication")["master_repl_offset"]
    return bool(replica.client.info("replication")["slave_repl_offset"] >= written)


def _replicate(master: Master, replica: Master) -> None:
    replica.start()
    replica.cluster("MEET", "127.0.0.1", master.port, master.bus)
    name = str(master.client.execute_command("CLUSTER MYID"), "ascii")  # type: ignore[no-untyped-call]
    wait_until(lambda: _does(replica, "REPLICATE", name), "the replica to know its master")
    wait_until(lambda: replica.client.info("replication")["master_link_status"] == "up", "the replica to have all")


def _does(master: Master, *words: str) -> bool:
    try:
        master.cluster(*words)
    except redis.ResponseError:
        return False
    return True


def _move(slot: int, old: Master, new: Master, masters: list[Master]) -> None:
    """As `redis-cli --cluster reshard` does it."""
    names = {master: str(master.client.execute_command("CLUSTER MYID"), "ascii") for master in (old, new)}  # type: ignore[no-untyped-call]
    new.cluster("SETSLOT", slot, "IMPORTING", names[old])
    old.cluster("SETSLOT", slot, "MIGRATING", names[new])
    keys: Any = old.cluster("GETKEYSINSLOT", slot, 1000)
    if keys:
        old.client.execute_command("MIGRATE", "127.0.0.1", new.port, "", 0, 5000, "KEYS", *keys)  # type: ignore[no-untyped-call]
    for master in (new, old, *(one for one in masters if one not in (old, new))):
        master.cluster("SETSLOT", slot, "NODE", names[new])
