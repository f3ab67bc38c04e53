"""Who follows whom on a made-up site: many follow nobody, few follow thousands, and a few channels have most of it."""

import random
from array import array
from collections.abc import Iterator

from vod.seeding.plan import Plan
from vod.seeding.words import zipf

FOLLOW_NOBODY = 0.3  # of all users
SPREAD = 1.4  # of the logarithm of how many one follows
EXACTLY_MOST = 3  # users who follow as many as one may, so that there are some on every site


class Follows:
    """All of them, drawn once: counts are needed before rows are written. Users and channels count from 0.

    The n-th channel is the n-th most followed, but for chance; its owner is the n-th user.
    """

    def __init__(self, plan: Plan) -> None:
        chance = random.Random(f"{plan.seed} follows")
        self.followers = array("I", bytes(4 * plan.users))  # of each channel
        self._channels = array("I")
        self._ends = array("I")  # where each user's part of `_channels` ends
        for user, wanted in enumerate(_counts(plan, chance)):
            chosen = self._choose(user, wanted, plan.users, chance)
            self._channels.extend(chosen)
            self._ends.append(len(self._channels))
            for channel in chosen:
                self.followers[channel] += 1

    def __len__(self) -> int:
        return len(self._channels)

    def pairs(self) -> Iterator[tuple[int, int]]:
        """Each user with each channel he follows."""
        begin = 0
        for user, end in enumerate(self._ends):
            for channel in self._channels[begin:end]:
                yield user, channel
            begin = end

    @staticmethod
    def _choose(user: int, wanted: int, channels: int, chance: random.Random) -> list[int]:
        chosen: set[int] = set()
        while len(chosen) < wanted:
            chosen.add(zipf(chance, channels))
            chosen.discard(user)  # nobody follows himself
        return sorted(chosen)


def _counts(plan: Plan, chance: random.Random) -> list[int]:
    """How many channels each user follows; together very nearly `plan.follows`."""
    most = plan.followed_max
    weights = [
        0.0 if chance.random() < FOLLOW_NOBODY else chance.lognormvariate(0.0, SPREAD) for _ in range(plan.users)
    ]
    each = plan.follows / (sum(weights) or 1)
    counts = [min(round(weight * each), most) for weight in weights]
    for user in range(plan.users - EXACTLY_MOST, plan.users):
        counts[user] = most
    return counts
