"""How a viewer's message gets its place in a room: the publish script, and what to do when it cannot decide."""

import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from hashlib import blake2b

from redis.asyncio import Redis
from redis.exceptions import NoScriptError, RedisError

from chat import redis_keys
from chat.core.events import Message
from chat.core.rules import Allowance, Refusal, Rule, refuse_banned, refuse_rate, refuse_warned
from chat.errors import RoomUnavailableError, StalePolicyError
from chat.limits import (
    HISTORY_LENGTH,
    LOG_LENGTH,
    LOG_ROOM_NOTED_SECONDS,
    LOG_ROOM_RETRY_SECONDS,
    NONCE_SECONDS,
    ROOM_FACTS_KEPT,
    ROOM_KEYS_SECONDS,
    UNIQUE_SECONDS,
)
from chat.redis_connections import is_cluster
from chat.script_line import ScriptLine
from chat.scripts import LOAD_BANS, PUBLISH

log = logging.getLogger(__name__)
LOAD_TRIES = 5
Bans = dict[int, int]  # user id -> until when he may not speak, Unix milliseconds; 0: for ever


@dataclass(frozen=True, slots=True)
class Published:
    """Where the message stands; for a repeated nonce, where it stood already."""

    id: str
    seq: int


class RoomPublisher:
    """Publishes into rooms through one Redis client. `read_bans` asks the database, for a Redis that knows none."""

    def __init__(self, redis: Redis, read_bans: Callable[[int], Awaitable[Bans]]) -> None:
        self._redis, self._read_bans, self._line = redis, read_bans, ScriptLine(redis)
        self._noted: dict[int, float] = {}  # room -> when its log was last put on the log worker's list

    async def publish_message(
        self, *, room_id: int, message: Message, nonce: str | None, allowance: Allowance
    ) -> Published | Refusal:
        """Give the message its place in the room and send it to every gateway, or say what forbids it.

        Raises StalePolicyError when the room's policy has changed since the allowance was given.
        """
        try:
            await self._note_log(room_id)
            answer = await self._run_script(room_id, message, nonce, allowance)
        except (RedisError, OSError) as error:
            self._noted.pop(room_id, None)
            raise RoomUnavailableError(f"Room {room_id}: {error}") from error
        return _outcome(answer)

    async def has_newer_policy(self, room_id: int, version: int) -> bool:
        """Whether a refusal was made by a policy that has changed since: what is published asks the script."""
        try:
            return int(await self._redis.get(redis_keys.room_policy(room_id)) or 0) > version
        except (RedisError, OSError):
            return False

    async def _run_script(self, room_id: int, message: Message, nonce: str | None, allowance: Allowance) -> list[bytes]:
        keys, arguments = _call(room_id, message, nonce, allowance)
        for _ in range(LOAD_TRIES):
            try:
                answer: list[bytes] = await self._line.run(PUBLISH, keys, arguments)
            except NoScriptError:  # a fresh Redis: it does not know the list of logs either
                self._noted.clear()
                await self._note_log(room_id)
                await PUBLISH.send(self._redis, keys)
                continue
            if answer[0] != b"unloaded":
                return answer
            await self._load_bans(room_id)
        raise RoomUnavailableError(f"Room {room_id}: its bans change all the time")

    async def _load_bans(self, room_id: int) -> None:
        """Once per room and life of Redis. A message waits for it: a ban must hold."""
        key = redis_keys.room_bans(room_id)
        for _ in range(LOAD_TRIES):
            changes = await self._redis.hget(key, "changes") or b""
            bans = await self._read_bans(room_id)
            flat = [value for pair in bans.items() for value in pair]
            try:
                if await LOAD_BANS.run_async(self._redis, (key,), (changes, ROOM_KEYS_SECONDS, *flat)):
                    return
            except NoScriptError:
                await LOAD_BANS.send(self._redis, (key,))

    async def _note_log(self, room_id: int) -> None:
        """Put the room on the log worker's list.

        Not part of the script: in a cluster the list lives on another shard. It is renewed ten times more often
        than the worker forgets, and always before the message it is for.
        """
        now = time.time()
        if now - self._noted.get(room_id, 0) < LOG_ROOM_NOTED_SECONDS:
            return
        try:
            await self._redis.zadd(redis_keys.logged_rooms(), {str(room_id): now})
        except (RedisError, OSError) as error:
            if not is_cluster(self._redis):
                raise
            # Another master than the room's is away. The room goes on: its log keeps, and is noted when that is back.
            log.warning("Room %s: its log could not be noted: %s", room_id, error)
            now -= LOG_ROOM_NOTED_SECONDS - LOG_ROOM_RETRY_SECONDS
        if len(self._noted) >= ROOM_FACTS_KEPT:
            self._noted.clear()
        self._noted[room_id] = now


def _call(
    room_id: int, message: Message, nonce: str | None, allowance: Allowance
) -> tuple[tuple[str, ...], tuple[str | int, ...]]:
    """The script's KEYS and ARGV, as publish.lua lists them."""
    user_id = message.user.id
    head, tail = message.around_seq()
    words = allowance.words
    keys = (
        redis_keys.room_sequence(room_id),
        redis_keys.room_history(room_id),
        redis_keys.room_log(room_id),
        redis_keys.room_feed(room_id),
        redis_keys.nonce(room_id, user_id, nonce or ""),
        redis_keys.user_rate(room_id, user_id),
        redis_keys.room_rate(room_id),
        redis_keys.room_bans(room_id),
        redis_keys.room_policy(room_id),
        redis_keys.slow_mode(room_id, user_id),
        redis_keys.said_lately(room_id, blake2b((words or "").encode(), digest_size=16).hexdigest()),
    )
    limits = (allowance.user_limit.count, allowance.user_limit.seconds * 1000, allowance.room_limit.count)
    bounds = (NONCE_SECONDS if nonce else 0, ROOM_KEYS_SECONDS, HISTORY_LENGTH, LOG_LENGTH)
    policy = (allowance.policy_version, allowance.slow_seconds * 1000, 0 if words is None else UNIQUE_SECONDS)
    return keys, (head, tail, message.id, *limits, *bounds, user_id, *policy)


def _outcome(answer: list[bytes]) -> Published | Refusal:
    match answer[0]:
        case b"said":
            return Published(id=answer[1].decode(), seq=int(answer[2]))
        case b"stale":
            raise StalePolicyError("The room's policy has changed.")
        case b"banned":
            return refuse_banned()
        case b"warned":
            return refuse_warned()
    return refuse_rate(Rule(answer[0].decode()), int(answer[1]) / 1000)
