"""Counts tries per key in Redis, in windows that begin with the first try."""

from common.redis import redis_client


class RateLimit:
    """At most `limit` counted tries per key within `seconds`."""

    def __init__(self, name: str, *, limit: int, seconds: int) -> None:
        self.name, self.limit, self.seconds = name, limit, seconds

    def allows(self, key: str) -> bool:
        """Count one try and say whether it is within the limit."""
        return self.left(key) >= 0

    def left(self, key: str) -> int:
        """Count one try and say how many more there may be. Counting first leaves no gap for parallel tries."""
        with redis_client().pipeline(transaction=True) as pipe:
            pipe.incr(self._redis_key(key))
            pipe.expire(self._redis_key(key), self.seconds, nx=True)
            count = int(pipe.execute()[0])
        return self.limit - count

    def wait_seconds(self, key: str) -> int:
        """Until the window ends in which this key's tries are counted; at least a second."""
        return max(int(redis_client().ttl(self._redis_key(key))), 1)

    def forgive(self, key: str) -> None:
        """Take one try back: it turned out to be a good one."""
        redis_client().decr(self._redis_key(key))

    def _redis_key(self, key: str) -> str:
        return f"rate:{self.name}:{key}"
