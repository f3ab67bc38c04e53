"""Who was sent by a raid and who has arrived, in Redis: only who watched counts, and each once."""

from typing import TYPE_CHECKING

from common.redis import redis_client
from streaming import redis_keys
from streaming.limits import RAID_KEYS_SECONDS

if TYPE_CHECKING:
    from redis.asyncio import Redis as AsyncRedis


async def invite(client: "AsyncRedis", *, raid_id: int, target_id: int, name: str) -> None:
    """A viewer is told to go."""
    key = redis_keys.raid_invited(raid_id, target_id)
    async with client.pipeline(transaction=False) as pipe:
        pipe.sadd(key, name)
        pipe.expire(key, RAID_KEYS_SECONDS)
        await pipe.execute()


async def note_arrival(client: "AsyncRedis", *, raid_id: int, target_id: int, name: str) -> bool:
    """A viewer says that this raid has sent him; false when it has not, or when he has said so before."""
    invited, arrived = redis_keys.raid_invited(raid_id, target_id), redis_keys.raid_arrived(raid_id, target_id)
    moved = bool(await client.smove(invited, arrived, name))
    if moved:
        await client.expire(arrived, RAID_KEYS_SECONDS)
    return moved


def count_arrived(*, raid_id: int, target_id: int) -> int:
    """How many have arrived."""
    return int(redis_client().scard(redis_keys.raid_arrived(raid_id, target_id)))
