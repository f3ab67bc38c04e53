"""Who works on a broadcast: a lease in Redis with a heartbeat, and the epoch that fences its holder's writes."""

import secrets
from typing import Any

from redis import asyncio as aioredis

from transcode import redis_keys
from transcode.errors import LeaseLost
from transcode.limits import LEASE_MS, STATE_TTL_SECONDS

# Compare-and-set in one step; a plain GET then PEXPIRE could prolong another worker's lease.
_RENEW = """
local owner = redis.call('GET', KEYS[1])
if owner == ARGV[1] then return redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
if owner then return -1 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
"""
# A counter that Redis lost must not hand out a number twice: names would be used again.
_NEXT_EPOCH = """
local epoch = redis.call('INCR', KEYS[1])
if epoch < tonumber(ARGV[1]) then
  epoch = tonumber(ARGV[1])
  redis.call('SET', KEYS[1], epoch)
end
redis.call('EXPIRE', KEYS[1], ARGV[2])
return epoch
"""
# Also used from outside, for a worker that is known to be gone: only its own lease is given up.
RELEASE_LEASE = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0"


class Lease:
    """A broadcast's ownership. `renew` at least every half LEASE_MS, or another worker may take over."""

    def __init__(self, redis: "aioredis.Redis", stream_id: str, *, machine: str = "") -> None:
        """`machine` can be read off the lease (slot_ledger.machine_of_lease): whose slots its holder uses."""
        self._redis, self._stream_id = redis, stream_id
        self.token = f"{machine}/{secrets.token_hex(8)}"

    async def acquire(self) -> bool:
        """Become the owner; False when someone else is."""
        key = redis_keys.lease_key(self._stream_id)
        return bool(await self._redis.set(key, self.token, nx=True, px=LEASE_MS))

    async def renew(self) -> None:
        """Prolong the lease; takes it back when Redis lost it and nobody else has it. Raises LeaseLost otherwise."""
        if await self._script(_RENEW, LEASE_MS) == -1:
            raise LeaseLost(f"another worker owns {self._stream_id}")

    async def release(self) -> None:
        """Give the lease up, if it is still ours."""
        await self._script(RELEASE_LEASE)

    async def next_epoch(self, *, after: int) -> int:
        """The number of a new run: higher than every earlier one of this broadcast, of which `after` is one."""
        key = redis_keys.epoch_key(self._stream_id)
        return int(await self._redis.eval(_NEXT_EPOCH, 1, key, after + 1, STATE_TTL_SECONDS))

    async def _script(self, script: str, *arguments: Any) -> Any:
        key = redis_keys.lease_key(self._stream_id)
        return await self._redis.eval(script, 1, key, self.token, *arguments)
