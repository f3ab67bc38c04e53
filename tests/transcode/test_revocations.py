"""What was signed before an owner hid his recording opens nothing any more, as soon as origins have heard of it."""

import asyncio

import pytest
from django.conf import settings
from redis import Redis
from redis import asyncio as aioredis
from redis.exceptions import ConnectionError as RedisDown

from transcode import redis_keys, revocations
from transcode.revocations import Generations, access_generation, revoke_access

STREAM, OTHER = "0123456789abcdef01234567", "f" * 24


class Asked:
    """An asynchronous Redis that counts and may be down."""

    def __init__(self) -> None:
        self.redis = aioredis.Redis.from_url(settings.LIVE_REDIS_URL)
        self.down = False
        self.asked = 0

    async def get(self, key: str) -> object:
        self.asked += 1
        await asyncio.sleep(0)
        if self.down:
            raise RedisDown
        return await self.redis.get(key)


@pytest.fixture
def asked(empty_redis: Redis, monkeypatch: pytest.MonkeyPatch) -> Asked:
    return Asked()


@pytest.fixture
def generations(asked: Asked) -> Generations:
    return Generations(asked)  # type: ignore[arg-type]


async def test_a_broadcast_begins_with_none(generations: Generations, asked: Asked) -> None:
    assert generations.known(STREAM) is None
    assert await generations.ask(STREAM) == 0
    assert generations.known(STREAM) == 0
    assert asked.asked == 1


def test_each_revocation_is_later_than_all_before(empty_redis: Redis) -> None:
    assert access_generation(stream_id=STREAM) == 0
    revoke_access(stream_id=STREAM)
    first = access_generation(stream_id=STREAM)
    assert first > 1_700_000_000_000
    assert access_generation(stream_id=OTHER) == 0
    # Kept for longer than any token that was signed before.
    left = int(empty_redis.ttl(redis_keys.generation_key(STREAM)))
    assert left > settings.PLAYBACK_TOKEN_SECONDS + 60


async def test_it_is_heard_of_within_seconds(
    generations: Generations, asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    await generations.ask(STREAM)
    await asyncio.to_thread(revoke_access, stream_id=STREAM)
    assert generations.known(STREAM) == 0  # it was asked a moment ago
    monkeypatch.setattr(revocations, "GENERATION_KNOWN_SECONDS", -1.0)
    await generations.ask(STREAM)
    assert generations.known(STREAM) is None
    assert await generations.ask(STREAM) > 0


async def test_those_who_come_while_it_is_asked_again_do_not_wait(generations: Generations, asked: Asked) -> None:
    await generations.ask(STREAM)
    generations._known[STREAM] = (0, 0.0)
    first = asyncio.create_task(generations.ask(STREAM))
    await asyncio.sleep(0)
    assert generations.known(STREAM) == 0
    await first
    assert asked.asked == 2


async def test_without_redis_what_is_known_holds(generations: Generations, asked: Asked) -> None:
    await asyncio.to_thread(revoke_access, stream_id=STREAM)
    known = await generations.ask(STREAM)
    asked.down = True
    assert await generations.ask(STREAM) == known > 0
    assert await generations.ask(OTHER) == 0


async def test_what_is_known_is_bounded(generations: Generations, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(revocations, "GENERATIONS_KNOWN", 2)
    for stream_id in ("a", "b", "a", "c"):
        await generations.ask(stream_id)
    assert [generations.known(stream_id) for stream_id in ("a", "b", "c")] == [0, None, 0]
