"""The only writer to a room: nonce, limits, sequence, history, log and publication in one Lua script."""

import time
from dataclasses import dataclass
from hashlib import sha1
from pathlib import Path

from redis.asyncio import Redis
from redis.exceptions import NoScriptError, RedisError

from chat import redis_keys
from chat.core.events import Message
from chat.core.rules import Allowance, Refusal, Rule, refuse_rate
from chat.errors import RoomUnavailableError
from chat.limits import (
    HISTORY_LENGTH,
    LOG_LENGTH,
    LOG_ROOM_NOTED_SECONDS,
    NONCE_SECONDS,
    ROOM_FACTS_KEPT,
    ROOM_KEYS_SECONDS,
)

SCRIPT = (Path(__file__).parent / "publish.lua").read_text()
SCRIPT_SHA = sha1(SCRIPT.encode(), usedforsecurity=False).hexdigest()
SAID = b"said"


@dataclass(frozen=True, slots=True)
class Published:
    """Where the message stands; for a repeated nonce, where it stood already."""

    id: str
    seq: int


class RoomPublisher:
    """Publishes into rooms through one Redis client."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._noted: dict[int, float] = {}  # room -> when its log was last put on the log worker's list

    async def publish_message(
        self, *, room_id: int, message: Message, nonce: str | None, allowance: Allowance
    ) -> Published | Refusal:
        """Give the message its place in the room and send it to every gateway, or say which limit is full."""
        try:
            await self._note_log(room_id)
            answer = await self._run_script(room_id, message, nonce, allowance)
        except (RedisError, OSError) as error:
            self._noted.pop(room_id, None)
            raise RoomUnavailableError(f"Room {room_id}: {error}") from error
        if answer[0] == SAID:
            return Published(id=answer[1].decode(), seq=int(answer[2]))
        return refuse_rate(Rule(answer[0].decode()), int(answer[1]) / 1000)

    async def _run_script(self, room_id: int, message: Message, nonce: str | None, allowance: Allowance) -> list[bytes]:
        head, tail = message.around_seq()
        keys = (
            redis_keys.room_sequence(room_id),
            redis_keys.room_history(room_id),
            redis_keys.room_log(room_id),
            redis_keys.room_feed(room_id),
            redis_keys.nonce(room_id, message.user.id, nonce or ""),
            redis_keys.user_rate(room_id, message.user.id),
            redis_keys.room_rate(room_id),
        )
        limits = (allowance.user_limit.count, allowance.user_limit.seconds * 1000, allowance.room_limit.count)
        bounds = (NONCE_SECONDS if nonce else 0, ROOM_KEYS_SECONDS, HISTORY_LENGTH, LOG_LENGTH)
        arguments = (*keys, head, tail, message.id, *limits, *bounds)
        try:
            answer = await self._redis.evalsha(SCRIPT_SHA, len(keys), *arguments)
        except NoScriptError:  # a fresh Redis: it does not know the list of logs either
            self._noted.clear()
            await self._note_log(room_id)
            answer = await self._redis.eval(SCRIPT, len(keys), *arguments)
        return list(answer)

    async def _note_log(self, room_id: int) -> None:
        """Put the room on the log worker's list.

        Not part of the script: in a cluster the list lives on another shard. It is renewed ten times more often
        than the worker forgets, and always before the message it is for.
        """
        now = time.time()
        if now - self._noted.get(room_id, 0) < LOG_ROOM_NOTED_SECONDS:
            return
        await self._redis.zadd(redis_keys.logged_rooms(), {str(room_id): now})
        if len(self._noted) >= ROOM_FACTS_KEPT:
            self._noted.clear()
        self._noted[room_id] = now
