"""How evenly a source comes, and so when its next part can be whole at the earliest (pure). Seconds are monotonic.

A worker is woken for nothing by pictures in the middle of a part. While a source comes as evenly as time passes it may
look away until shortly before the picture that ends the part; what came meanwhile waits in the socket.
"""

from math import ceil, inf

EVEN_SECONDS = 0.08  # a picture that comes this much later than the most punctual ones: the source is not even
FORGET_SECONDS = 4.0  # how long a source must come evenly before anybody looks away
DRIFT = 0.002  # seconds a second that an encoder's clock may be slower than ours before that counts as late
EARLY_SECONDS = 0.005
SHORTEST_REST_SECONDS = 0.04  # there is hardly a picture in less
# What waits meanwhile FFmpeg gets all at once, and must have worked through before the part ends.
LONGEST_REST_SECONDS = 0.11


class Cadence:
    """When the pictures of one run came, beside the times they carry."""

    def __init__(self) -> None:
        self._offset = inf  # the earliest arrival so far, less the picture's own time
        self._seen_at = 0.0
        self._even_from = inf

    def see(self, now: float, time_ms: float) -> None:
        """The newest of the pictures that were waiting, by its decode time."""
        offset = now - time_ms / 1000
        late = offset - self._offset
        if self._offset == inf or late > EVEN_SECONDS:
            self._even_from = now + FORGET_SECONDS
        self._offset = offset if late < 0 else self._offset + min(late, DRIFT * (now - self._seen_at))
        self._seen_at = now

    def rest_seconds(self, now: float, until_ms: float) -> float:
        """How long to look away when no picture before the one of this decode time can end a part; 0: not at all."""
        rest = self._offset + until_ms / 1000 - EARLY_SECONDS - now
        if now < self._even_from or not SHORTEST_REST_SECONDS <= rest < inf:
            return 0.0
        return rest / ceil(rest / LONGEST_REST_SECONDS)
