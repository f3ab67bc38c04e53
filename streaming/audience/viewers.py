"""Who is watching: who is present and who ever was, in Redis, counted into the database in batches."""

import time
from collections.abc import Iterable, Mapping
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings

from common.redis import redis_client
from streaming import redis_keys
from streaming.audience.counts import Count, write_counts, write_last_count
from streaming.audience.names import Viewer
from streaming.limits import (
    COUNTED_AT_ONCE,
    UNIQUES_EXACT,
    UNIQUES_SECONDS,
    UNIQUES_SHARDS,
    VIEWER_ADDRESS_SECONDS,
    VIEWER_KEYS_SECONDS,
    VIEWER_NAMES_AT_ONCE,
    VIEWER_SECONDS,
)

if TYPE_CHECKING:
    from redis.asyncio import Redis as AsyncRedis

NOTE = (Path(__file__).parent / "note_viewers.lua").read_text()
_COUNT = (Path(__file__).parent / "count_viewers.lua").read_text()


async def note_viewer(client: "AsyncRedis", *, stream_id: str, viewer: Viewer) -> bool:
    """Someone begins to watch, or says again that he does; False when his address has too many viewers there."""
    keys, arguments = note_call(stream_id, viewer, time.time())
    counted = bool(await client.register_script(NOTE)(keys=keys, args=arguments))
    if counted:
        await client.zadd(redis_keys.WATCHED, {stream_id: time.time() + VIEWER_SECONDS})
    return counted


def note_viewer_now(*, stream_id: str, viewer: Viewer) -> bool:
    """The same for threads."""
    keys, arguments = note_call(stream_id, viewer, time.time())
    counted = bool(redis_client().register_script(NOTE)(keys=keys, args=arguments))
    if counted:
        redis_client().zadd(redis_keys.WATCHED, {stream_id: time.time() + VIEWER_SECONDS})
    return counted


def note_call(stream_id: str, viewer: Viewer, now: float) -> tuple[list[str], list[str | int | float]]:
    """KEYS and ARGV of note_viewers.lua."""
    present = redis_keys.viewers(stream_id)
    come_from = redis_keys.viewers_from(stream_id, viewer.address) if viewer.address else present
    number = int.from_bytes(blake2b(viewer.name.encode(), digest_size=8).digest()) >> 1  # Redis' numbers have a sign
    return [present, redis_keys.unique_viewers(stream_id), come_from], [
        viewer.name,
        number,
        number % UNIQUES_SHARDS,
        now,
        now + VIEWER_SECONDS,
        VIEWER_KEYS_SECONDS,
        settings.VIEWERS_PER_ADDRESS,
        VIEWER_ADDRESS_SECONDS,
        UNIQUES_EXACT,
        UNIQUES_SHARDS,
    ]


async def keep_viewers(client: "AsyncRedis", watching: Mapping[str, Iterable[str]]) -> None:
    """These names go on watching these broadcasts: the heartbeat of all sockets of one process."""
    gone_at = time.time() + VIEWER_SECONDS
    if not watching:
        return
    async with client.pipeline(transaction=False) as pipe:
        for stream_id, names in watching.items():
            key, present = redis_keys.viewers(stream_id), list(names)
            for first in range(0, len(present), VIEWER_NAMES_AT_ONCE):
                pipe.zadd(key, dict.fromkeys(present[first : first + VIEWER_NAMES_AT_ONCE], gone_at))
            pipe.expire(key, VIEWER_SECONDS + 60)
        pipe.zadd(redis_keys.WATCHED, dict.fromkeys(watching, gone_at))
        await pipe.execute()


async def forget_viewer(client: "AsyncRedis", *, stream_id: str, name: str) -> None:
    """One viewer has left; where he watches by another process as well, its next heartbeat says so."""
    await client.zrem(redis_keys.viewers(stream_id), name)


def count_viewers() -> dict[int, int]:
    """Count what is watched and write the figures down; returns the viewers by channel id where they have changed."""
    now = time.time()
    client = redis_client()
    watched = [str(stream_id) for stream_id in client.zrange(redis_keys.WATCHED, 0, -1)]
    counts: list[Count] = []
    for first in range(0, len(watched), COUNTED_AT_ONCE):
        counts += read_counts(watched[first : first + COUNTED_AT_ONCE], now, UNIQUES_SECONDS)
    changed = write_counts(counts)
    # Only now: those whose last viewer is gone were counted as 0, and what is not in the list is 0 as well.
    client.zremrangebyscore(redis_keys.WATCHED, "-inf", now)
    return changed or {}


def count_ended(*, stream_id: str) -> None:
    """The broadcast has ended: who came since the last look belongs to it, too."""
    write_last_count(read_counts([stream_id], time.time(), 0)[0])


def read_counts(stream_ids: list[str], now: float, uniques_seconds: int) -> list[Count]:
    prefixes = (redis_keys.VIEWERS, redis_keys.UNIQUE_VIEWERS, redis_keys.UNIQUES_COUNTED)
    arguments: list[str | int | float] = [now, uniques_seconds, UNIQUES_SHARDS, *prefixes, *stream_ids]
    answer = redis_client().register_script(_COUNT)(keys=[], args=arguments)
    pairs = zip(stream_ids, answer[::2], answer[1::2], strict=True)
    return [Count(stream_id, now_watching, None if ever < 0 else ever) for stream_id, now_watching, ever in pairs]
