"""A limit inside one process: a bucket that refills with time."""


class TokenBucket:
    """Holds at most `burst` tokens and gains `per_second`; the caller brings the clock."""

    __slots__ = ("_burst", "_per_second", "_stamp", "_tokens")

    def __init__(self, *, per_second: float, burst: float, now: float) -> None:
        self._per_second, self._burst = per_second, burst
        self._tokens, self._stamp = burst, now

    def take(self, now: float) -> float:
        """Take one token. 0.0 when there was one, else the seconds until there will be."""
        self._tokens = min(self._burst, self._tokens + (now - self._stamp) * self._per_second)
        self._stamp = now
        if self._tokens >= 1:
            self._tokens -= 1
            return 0.0
        return (1 - self._tokens) / self._per_second
