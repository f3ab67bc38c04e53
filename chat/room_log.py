"""Moves what was said from Redis to PostgreSQL, in batches, away from the hot path.

An entry is deleted from its stream after its row is committed, and a row that exists already is skipped. So a worker
killed at any point loses nothing and doubles nothing, two workers at once only do some work twice, and no consumer
group has to be looked after.
"""

import json
import logging
import time
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.utils import timezone
from redis import Redis
from redis.exceptions import RedisError

from chat import redis_keys
from chat.core.emotes import by_picture
from chat.core.events import Message
from chat.core.removals import is_removal
from chat.limits import LOG_BATCH, LOG_BATCHES_PER_RUN, LOG_ROOM_FORGOTTEN_SECONDS
from chat.models import ChatMessage
from chat.redis_connections import is_cluster

log = logging.getLogger(__name__)
REMOVAL_REACH = timedelta(days=1)


def store_room_logs(*, redis: Redis) -> int:
    """Store what waits in all rooms' logs; how many entries that were."""
    stored = 0
    forgotten_before = time.time() - LOG_ROOM_FORGOTTEN_SECONDS
    noted: Any = redis.zrange(redis_keys.logged_rooms(), 0, -1, withscores=True)
    for name, noted_at in noted:
        room_id = int(name)
        try:
            stored += _store_log(redis, room_id)
            if noted_at < forgotten_before and not redis.xlen(redis_keys.room_log(room_id)):
                redis.zrem(redis_keys.logged_rooms(), name)
        except RedisError as error:
            if not is_cluster(redis):
                raise
            log.warning("Room %s: its master is away, its log waits: %s", room_id, error)
    return stored


def _store_log(redis: Redis, room_id: int) -> int:
    """One room's log. A batch limit keeps one busy room from holding up the others."""
    stored = 0
    for _ in range(LOG_BATCHES_PER_RUN):
        entries: Any = redis.xrange(redis_keys.room_log(room_id), count=LOG_BATCH)
        if not entries:
            break
        events = [fields[b"e"] for _, fields in entries]
        rows = [row for event in events if (row := _row(room_id, event)) is not None]
        ChatMessage.objects.bulk_create(rows, ignore_conflicts=True)
        for event in filter(is_removal, events):
            _mark_removed(room_id, json.loads(event))
        redis.xdel(redis_keys.room_log(room_id), *(entry_id for entry_id, _ in entries))
        stored += len(entries)
    return stored


def _mark_removed(room_id: int, removal: dict[str, Any]) -> None:
    """What a moderator took away is kept for moderators only. A removal reaches a day back."""
    before = ChatMessage.objects.filter(
        room_id=room_id, seq__lt=removal["seq"], removed_at=None, sent_at__gt=timezone.now() - REMOVAL_REACH
    )
    match removal["type"]:
        case "message_removed":
            before = before.filter(seq=removal["message_seq"])
        case "user_removed":
            before = before.filter(sender_id=removal["user_id"])
    before.update(removed_at=timezone.now())


def _row(room_id: int, encoded: bytes) -> ChatMessage | None:
    """The row for a log entry, or None for events that are not messages."""
    message = Message.from_json(encoded)
    if message is None:
        return None
    return ChatMessage(
        id=UUID(message.id),
        room_id=room_id,
        seq=message.seq,
        sender_id=message.user.id,
        login=message.user.login,
        display_name=message.user.display_name,
        text=message.text,
        emotes=by_picture(message.emotes),
        badges=list(message.user.badges),
        reply=asdict(message.reply) if message.reply else None,
        color=message.user.color,
        sent_at=datetime.fromisoformat(message.sent_at),
    )
