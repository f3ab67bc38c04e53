"""Reads what a room's Redis remembers, without what moderators removed."""

from typing import Any

from redis.asyncio import Redis

from chat import redis_keys
from chat.core.events import Message
from chat.core.removals import Entry, without_removed
from chat.core.replies import find_message
from chat.limits import HISTORY_LENGTH


async def read_latest(redis: Redis, room_id: int, count: int) -> list[Entry]:
    """The latest `count` events, oldest first."""
    rows = await redis.xrevrange(redis_keys.room_history(room_id), count=count)
    return without_removed(_entries(rows)[::-1])


async def read_after(redis: Redis, room_id: int, seq: int, count: int) -> list[Entry]:
    """Up to `count` events after `seq`, oldest first."""
    rows = await redis.xrange(redis_keys.room_history(room_id), min=f"({seq}-0", count=count)
    return without_removed(_entries(rows))


async def read_message(redis: Redis, room_id: int, message_id: str) -> Message | None:
    """The message with this id, if it is remembered and was not removed."""
    entries = await read_latest(redis, room_id, HISTORY_LENGTH)
    return find_message((event for _, event in reversed(entries)), message_id)


def _entries(rows: Any) -> list[Entry]:
    return [(int(entry_id.partition(b"-")[0]), fields[b"e"]) for entry_id, fields in rows]
