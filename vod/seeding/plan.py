"""How much of everything a made-up site has."""

from dataclasses import dataclass
from datetime import datetime

FULL_USERS = 1_000_000  # each has a channel, as everyone who signs up
FULL_LIVE = 100_000
FULL_FOLLOWS = 10_000_000
FULL_CATEGORIES = 2_000
FULL_RECORDINGS = 120_000
FULL_CLIPS = 80_000
FULL_POSITIONS = 200_000
SCALE_MIN, SCALE_MAX = 0.0001, 10.0
FOLLOWED_MAX = 2_000  # channels by one user; and a few follow exactly this many
LEAST_CATEGORIES = 12


@dataclass(frozen=True)
class Plan:
    """What is made. `now` is when: all times count back from it."""

    seed: int
    now: datetime
    users: int
    live: int
    follows: int
    categories: int
    recordings: int
    clips: int
    positions: int

    @classmethod
    def at(cls, scale: float, *, seed: int, now: datetime) -> "Plan":
        """The full site times `scale`."""
        return cls(
            seed=seed,
            now=now,
            users=round(FULL_USERS * scale),
            live=round(FULL_LIVE * scale),
            follows=round(FULL_FOLLOWS * scale),
            categories=max(round(FULL_CATEGORIES * scale), LEAST_CATEGORIES),
            recordings=round(FULL_RECORDINGS * scale),
            clips=round(FULL_CLIPS * scale),
            positions=round(FULL_POSITIONS * scale),
        )

    @property
    def followed_max(self) -> int:
        """Channels that one user may follow; on a small site not all there are."""
        return max(min(FOLLOWED_MAX, self.users // 3), 1)

    def described(self) -> str:
        return (
            f"{self.users:,} users with a channel each, {self.live:,} of them live, {self.follows:,} follows, "
            f"{self.categories:,} categories, {self.recordings:,} recordings, {self.clips:,} clips and "
            f"{self.positions:,} places in recordings"
        )
