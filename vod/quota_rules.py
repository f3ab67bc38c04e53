"""What fits into a channel's room, and what goes when it does not (pure)."""

from collections.abc import Sequence
from typing import NamedTuple

WARN_SHARE = 0.9


class Quota(NamedTuple):
    """Bytes that a channel has, and those it may have; 0: as many as it likes."""

    used: int
    limit: int

    @property
    def share(self) -> float:
        return self.used / self.limit if self.limit else 0.0

    @property
    def percent(self) -> int:
        return int(self.share * 100)

    @property
    def is_nearly_full(self) -> bool:
        return bool(self.limit) and self.share >= WARN_SHARE

    @property
    def excess(self) -> int:
        """Bytes that are too many."""
        return max(self.used - self.limit, 0) if self.limit else 0

    def has_room_for(self, size: int) -> bool:
        return not self.limit or self.used + size <= self.limit


def to_delete(recordings: Sequence[tuple[int, int]], excess: int) -> list[int]:
    """Which of a channel's recordings, (key, bytes) with the oldest first, go so that `excess` bytes are free.

    Never the newest: what has just been broadcast is there to be seen.
    """
    chosen: list[int] = []
    for key, size in recordings[:-1]:
        if excess <= 0:
            break
        if size:
            chosen.append(key)
            excess -= size
    return chosen
