"""Taking permissions back: an owner hides his recording, and what was signed before opens it no more.

A broadcast's permissions have a generation, the time of the last revocation; a token carries that of its signing. The
number lives in Redis for longer than any token does, so that there is still no database in the viewing path; origins
ask for it every few seconds and go on with what they know while Redis is away.
"""

import time
from functools import cache

from django.conf import settings
from redis import Redis
from redis import asyncio as aioredis
from redis.exceptions import RedisError

from transcode import redis_keys
from transcode.limits import GENERATION_KNOWN_SECONDS, GENERATIONS_KNOWN
from transcode.live_store import REDIS_DOWN

ROUNDING_SECONDS = 120  # a token may live this much longer than the settings say


@cache
def _redis() -> Redis:
    return Redis.from_url(settings.LIVE_REDIS_URL, socket_connect_timeout=2, socket_timeout=5)


def revoke_access(*, stream_id: str) -> None:
    """Every token signed so far for this broadcast becomes void. Raises a Redis error when that cannot be said."""
    seconds = settings.PLAYBACK_TOKEN_SECONDS + ROUNDING_SECONDS
    _redis().set(redis_keys.generation_key(stream_id), time.time_ns() // 1_000_000, ex=seconds)


def access_generation(*, stream_id: str) -> int:
    """What a new token must carry."""
    try:
        return _number(_redis().get(redis_keys.generation_key(stream_id)))
    except RedisError:
        return 0


class Generations:
    """What an origin knows of them."""

    def __init__(self, redis: "aioredis.Redis") -> None:
        self._redis = redis
        self._known: dict[str, tuple[int, float]] = {}  # generation, and until when nobody need ask

    def known(self, stream_id: str) -> int | None:
        """The broadcast's generation; None: `ask`."""
        found = self._known.get(stream_id)
        return found[0] if found is not None and found[1] > time.monotonic() else None

    async def ask(self, stream_id: str) -> int:
        """Ask Redis. Those who come meanwhile go on with what was known."""
        before = self._known.get(stream_id, (0, 0.0))[0]
        if stream_id in self._known:
            self._keep(stream_id, before)
        try:
            now = _number(await self._redis.get(redis_keys.generation_key(stream_id)))
        except REDIS_DOWN:
            now = before
        self._keep(stream_id, now)
        return now

    def _keep(self, stream_id: str, generation: int) -> None:
        self._known.pop(stream_id, None)  # the last told is the last forgotten
        self._known[stream_id] = (generation, time.monotonic() + GENERATION_KNOWN_SECONDS)
        if len(self._known) > GENERATIONS_KNOWN:
            del self._known[next(iter(self._known))]


def _number(stored: object) -> int:
    return int(stored) if isinstance(stored, bytes | str) else 0
