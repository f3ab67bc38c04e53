"""Reads what a room's Redis remembers, without what moderators removed."""

from typing import Any

from redis.asyncio import Redis

from chat import redis_keys
from chat.core.removals import Entry, without_removed


async def read_latest(redis: Redis, room_id: int, count: int) -> list[Entry]:
    """The latest `count` events, oldest first."""
    rows = await redis.xrevrange(redis_keys.room_history(room_id), count=count)
    return without_removed(_entries(rows)[::-1])


async def read_after(redis: Redis, room_id: int, seq: int, count: int) -> list[Entry]:
    """Up to `count` events after `seq`, oldest first."""
    rows = await redis.xrange(redis_keys.room_history(room_id), min=f"({seq}-0", count=count)
    return without_removed(_entries(rows))


def _entries(rows: Any) -> list[Entry]:
    return [(int(entry_id.partition(b"-")[0]), fields[b"e"]) for entry_id, fields in rows]
