"""Who is in a room: each gateway writes down now and then whom it sees; readers put that together.

Nothing is written when somebody comes or goes: a reconnect storm costs one write per room and gateway every
PRESENCE_SECONDS.
"""

import json
import logging
import secrets
import time
from collections.abc import Iterable
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError

from chat import redis_keys
from chat.core.present import Present, merge, people_of
from chat.limits import PRESENCE_KEPT_SECONDS, PRESENCE_MAX, PRESENCE_READ_SECONDS, PRESENCE_SECONDS, ROOM_FACTS_KEPT
from chat.local_room import LocalRoom
from chat.redis_connections import redis_client

log = logging.getLogger(__name__)


class PresenceReporter:
    """Says for one process who is in its rooms."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._name = secrets.token_hex(8)
        self._said: dict[int, tuple[float, str]] = {}  # room -> when, and what

    async def report(self, rooms: Iterable[LocalRoom], now: float) -> None:
        """Write down what has changed, and what readers would forget otherwise. Called every PRESENCE_SECONDS."""
        present = {room.room_id: _people(room) for room in rooms}
        news = {room_id: people for room_id, people in present.items() if self._is_news(room_id, people, now)}
        for room_id in self._said.keys() - present.keys():
            news[room_id] = "[]"
        try:
            await self._write(news)
        except (RedisError, OSError) as error:
            log.warning("Who is in the rooms could not be said: %s", error)
            return
        self._said = {room_id: said for room_id, said in self._said.items() if room_id in present}
        self._said |= {room_id: (now, people) for room_id, people in news.items() if room_id in present}

    def _is_news(self, room_id: int, people: str, now: float) -> bool:
        said_at, said = self._said.get(room_id, (0.0, "[]"))
        if people == said == "[]":
            return False
        return people != said or now - said_at > PRESENCE_KEPT_SECONDS - 2 * PRESENCE_SECONDS

    async def _write(self, news: dict[int, str]) -> None:
        at = int(time.time())
        for room_id, people in news.items():
            key = redis_keys.room_presence(room_id)
            async with self._redis.pipeline(transaction=False) as pipeline:
                if people == "[]":
                    pipeline.hdel(key, self._name)
                else:
                    pipeline.hset(key, self._name, f'{{"at":{at},"people":{people}}}')
                    pipeline.expire(key, PRESENCE_KEPT_SECONDS)
                await pipeline.execute()


def _people(room: LocalRoom) -> str:
    return json.dumps(people_of((one.person for one in room.viewers if one.person), PRESENCE_MAX), ensure_ascii=False)


_read: dict[int, tuple[float, list[Present]]] = {}


def read_presence(*, room_id: int) -> list[Present]:
    """Who is signed in in the room, those with a role first. A few seconds old."""
    now = time.time()
    read_at, people = _read.get(room_id, (0.0, []))
    if now - read_at < PRESENCE_READ_SECONDS:
        return people
    said: Any = redis_client().hvals(redis_keys.room_presence(room_id))
    people = merge((json.loads(one) for one in said), not_before=now - PRESENCE_KEPT_SECONDS)
    if len(_read) >= ROOM_FACTS_KEPT:
        _read.clear()
    _read[room_id] = now, people
    return people
