"""What the site orders of a live job: by Pub/Sub at once, and by the database in case that was lost."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable

from redis import asyncio as aioredis

from transcode import limits, redis_keys
from transcode.live_store import REDIS_DOWN

FINISH, PUBLISH = "finish", "publish"


async def orders(
    redis: "aioredis.Redis", stream_id: str, *, is_wanted: Callable[[], Awaitable[bool]]
) -> AsyncIterator[str]:
    """Every order, for ever; FINISH also when the database says that the broadcast is not wanted any more."""
    while True:
        try:
            async with redis.pubsub() as pubsub:
                await pubsub.subscribe(redis_keys.control_channel(stream_id))
                while True:
                    message = await pubsub.get_message(
                        ignore_subscribe_messages=True, timeout=limits.ORDER_CHECK_SECONDS
                    )
                    if message is not None:
                        yield json.loads(message["data"])["order"]
                    elif not await is_wanted():
                        yield FINISH
        except REDIS_DOWN:
            await asyncio.sleep(limits.REDIS_RETRY_SECONDS)
