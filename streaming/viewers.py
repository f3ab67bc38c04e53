"""Who is watching: heartbeats in Redis, counted into the database in batches."""

import time
from typing import TYPE_CHECKING

from django.db import transaction

from common.redis import redis_client
from streaming import redis_keys
from streaming.limits import VIEWER_KEYS_SECONDS, VIEWER_SECONDS
from streaming.models import Broadcast, Channel

if TYPE_CHECKING:
    from redis.asyncio import Redis


async def note_viewer(client: "Redis", *, stream_id: str, viewer: str) -> None:
    """One viewer is still watching."""
    now = time.time()
    async with client.pipeline(transaction=False) as pipe:
        pipe.zadd(redis_keys.viewers(stream_id), {viewer: now})
        pipe.pfadd(redis_keys.unique_viewers(stream_id), viewer)
        pipe.expire(redis_keys.viewers(stream_id), VIEWER_KEYS_SECONDS)
        pipe.expire(redis_keys.unique_viewers(stream_id), VIEWER_KEYS_SECONDS)
        await pipe.execute()


async def forget_viewer(client: "Redis", *, stream_id: str, viewer: str) -> None:
    """One viewer has left."""
    await client.zrem(redis_keys.viewers(stream_id), viewer)


def count_viewers() -> dict[int, int]:
    """Count every broadcast on air and write the figures down; returns the present viewers by channel id."""
    broadcasts = list(Broadcast.objects.on_air().only("pk", "public_id", "channel_id", *_FIGURES))
    if not broadcasts:
        return {}
    counts = _read_counts([broadcast.public_id for broadcast in broadcasts])
    present: dict[int, int] = {}
    for broadcast, (now_watching, ever) in zip(broadcasts, counts, strict=True):
        present[broadcast.channel_id] = now_watching
        broadcast.peak_viewers = max(broadcast.peak_viewers, now_watching)
        broadcast.unique_viewers = max(broadcast.unique_viewers, ever)
        broadcast.viewer_sample_sum += now_watching
        broadcast.viewer_sample_count += 1
        broadcast.average_viewers = round(broadcast.viewer_sample_sum / broadcast.viewer_sample_count)
    with transaction.atomic():
        Broadcast.objects.bulk_update(broadcasts, _FIGURES, batch_size=500)
        channels = [Channel(pk=channel_id, viewer_count=count) for channel_id, count in present.items()]
        Channel.objects.bulk_update(channels, ["viewer_count"], batch_size=500)
    return present


_FIGURES = ["peak_viewers", "average_viewers", "unique_viewers", "viewer_sample_sum", "viewer_sample_count"]


def _read_counts(stream_ids: list[str]) -> list[tuple[int, int]]:
    """For each broadcast how many watch now, and how many ever did (within the HyperLogLog's 1 %)."""
    oldest = time.time() - VIEWER_SECONDS
    with redis_client().pipeline(transaction=False) as pipe:
        for stream_id in stream_ids:
            pipe.zremrangebyscore(redis_keys.viewers(stream_id), "-inf", oldest)
            pipe.zcard(redis_keys.viewers(stream_id))
            pipe.pfcount(redis_keys.unique_viewers(stream_id))
        answers = pipe.execute()
    return [(int(answers[at + 1]), int(answers[at + 2])) for at in range(0, len(answers), 3)]
