"""Rooms in a Redis Cluster: each wholly on one master, all of them together on every one."""

import asyncio
import inspect
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from redis.asyncio.cluster import RedisCluster
from redis.crc import key_slot
from redis.exceptions import MovedError

from chat import redis_keys
from chat.acts import perform
from chat.core.events import Message, Person, RoomCleared
from chat.core.rules import Allowance, RateLimit, Refusal, Speaker
from chat.history import read_after, read_latest
from chat.publish import Published, RoomPublisher
from streaming.models import Channel
from tests.chat.redis_cluster import MASTERS, redis_cluster

ROOMS = range(1, 31)
BOB, CHARLIE = 102, 103
OF_A_ROOM = [
    function
    for _, function in inspect.getmembers(redis_keys, inspect.isfunction)
    if "room_id" in inspect.signature(function).parameters
]
OF_NO_ROOM = {"logged_rooms", "gateways_feed"}


@pytest.fixture
def masters(tmp_path: Path) -> Iterator[list[redis.Redis]]:
    with redis_cluster(tmp_path) as clients:
        yield clients


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


async def test_rooms_work_on_every_master(masters: list[redis.Redis], monkeypatch: pytest.MonkeyPatch) -> None:
    async def no_bans(room_id: int) -> dict[int, int]:
        return {CHARLIE: 0}

    port = masters[0].get_connection_kwargs()["port"]
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
        if _holds(master, redis_keys.room_sequence(room_id))
    )
    assert sorted(rooms_at) == list(range(MASTERS))
    assert rooms_at.total() == len(ROOMS)


def test_a_feed_is_heard_at_every_master_and_sharded_at_its_own(masters: list[redis.Redis]) -> None:
    feed = redis_keys.room_feed(7)
    listeners = [master.pubsub(ignore_subscribe_messages=True) for master in masters]  # type: ignore[no-untyped-call]
    for listener in listeners:
        listener.subscribe(feed)
        while not listener.subscribed:
            listener.get_message(timeout=1)
    masters[0].publish(feed, "1:x")
    for listener in listeners:
        heard = None
        while heard is None:
            heard = listener.get_message(timeout=5)
        assert heard["data"] == b"1:x"
        listener.close()
    homes = [master for master in masters if _holds(master, feed)]
    assert len(homes) == 1
    assert homes[0].spublish(feed, "2:y") == 0


def _holds(master: redis.Redis, key: str) -> bool:
    """Whether the key's slot is there: others answer MOVED."""
    try:
        master.get(key)
    except MovedError:
        return False
    return True
