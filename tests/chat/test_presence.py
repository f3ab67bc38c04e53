"""Who is in a room, as its gateways say it."""

import asyncio

import redis
from redis.asyncio import Redis

from chat import redis_keys
from chat.core.events import Person
from chat.core.present import Present, merge, people_of
from chat.limits import PRESENCE_KEPT_SECONDS, PRESENCE_SECONDS
from chat.local_room import LocalRoom
from chat.presence import PresenceReporter
from chat.sinks import QueueSink
from chat.viewer import Viewer
from tests.chat.gateway_process import PrivateRedis

ALICE = Person(1, "alice", "Alice", ("broadcaster",))
BOB = Person(2, "bob", "Bob", ("moderator",))
CHARLIE = Person(3, "charlie", "Charlie")


def test_everyone_is_named_once_and_those_with_a_role_first() -> None:
    people = people_of([CHARLIE, BOB, CHARLIE, ALICE], 10)
    assert people == [["alice", "Alice", "broadcaster"], ["bob", "Bob", "moderator"], ["charlie", "Charlie", "viewer"]]
    assert people_of([CHARLIE, BOB, ALICE], 2) == people[:2]


def test_what_gateways_say_is_put_together_and_forgotten() -> None:
    said = [
        {"at": 100, "people": people_of([CHARLIE, ALICE], 10)},
        {"at": 100, "people": people_of([CHARLIE, BOB], 10)},
        {"at": 10, "people": people_of([Person(4, "dave", "Dave")], 10)},
    ]
    merged = merge(said, not_before=60)
    assert [one.login for one in merged] == ["alice", "bob", "charlie"]
    assert merged[2] == Present("charlie", "Charlie", "viewer")


async def test_who_comes_and_goes_costs_nothing_until_the_next_look(
    private_redis: PrivateRedis, room_redis: redis.Redis
) -> None:
    client = Redis.from_url(private_redis.url)
    room, reporter = LocalRoom(1, client), PresenceReporter(client)
    key = redis_keys.room_presence(1)

    async def looked(now: float) -> list[bytes]:
        room_redis.config_resetstat()
        await reporter.report([room], now)
        assert (room_redis.info("commandstats").get("cmdstat_hset") or {"calls": 0})["calls"] <= 1
        return [value for value in room_redis.hvals(key) if isinstance(value, bytes)]

    async def send(_message: object) -> None: ...

    sink = QueueSink(send)
    try:
        assert await looked(1.0) == []
        room.viewers |= {Viewer(sink, BOB), Viewer(sink)}
        (said,) = await looked(1.0 + PRESENCE_SECONDS)
        assert said.endswith(b'"people":[["bob", "Bob", "moderator"]]}')
        room_redis.delete(key)
        assert await looked(1.0 + 2 * PRESENCE_SECONDS) == []  # nothing is new
        assert len(await looked(1.0 + PRESENCE_SECONDS + PRESENCE_KEPT_SECONDS)) == 1
        room.viewers.clear()
        assert await looked(1.0 + 2 * PRESENCE_SECONDS + PRESENCE_KEPT_SECONDS) == []
    finally:
        sink.stop()
        await asyncio.sleep(0)
        await client.aclose()
