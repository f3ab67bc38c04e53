"""Who may raid whom, and how far apart the raiders arrive. Pure."""

from dataclasses import dataclass
from enum import StrEnum

from streaming.limits import (
    RAID_ARRIVALS_PER_SECOND,
    RAID_PAGES_PER_SECOND,
    RAID_PAGES_SECONDS_MAX,
    RAID_SPREAD_SECONDS_MAX,
)


class RaidsFrom(StrEnum):
    """Whose raids a channel takes."""

    EVERYONE = "everyone"
    FRIENDS = "friends"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class Raider:
    """The channel that would come, as its target sees it."""

    followed: bool  # the target's broadcaster follows it
    helps: bool  # its broadcaster moderates the target, or is a VIP there
    account_days: int
    followers: int
    guarded: str = ""  # why the target's chat wants nobody from there at present; empty: it does not mind


@dataclass(frozen=True, slots=True)
class Door:
    """What the target has set."""

    live: bool
    raids_from: RaidsFrom
    min_account_days: int
    min_followers: int


def refuse_raid(name: str, raider: Raider, door: Door) -> str | None:
    """Why the channel called `name` cannot be raided, as the one who wants to is told; None: it can.

    Friends pass the door's other conditions: they were let in by name. A guard is passed by nobody.
    """
    friend = raider.followed or raider.helps
    if not door.live:
        return f"{name} is not live."
    if raider.guarded:
        return f"{name} cannot be raided by you at present."
    if door.raids_from == RaidsFrom.NOBODY or (door.raids_from == RaidsFrom.FRIENDS and not friend):
        return f"{name} does not take raids from your channel."
    if not friend and raider.account_days < door.min_account_days:
        return f"{name} takes raids from accounts that are {door.min_account_days} days old, or older."
    if not friend and raider.followers < door.min_followers:
        return f"{name} takes raids from channels with {door.min_followers:,} followers, or more."
    return None


def spread_seconds(viewers: int) -> float:
    """Over how long so many turn to the target's picture, each at a moment of his own."""
    return min(viewers / RAID_ARRIVALS_PER_SECOND, RAID_SPREAD_SECONDS_MAX)


def page_spread_seconds(viewers: int) -> float:
    """Over how long so many ask for the target's page, which takes the site far longer than a socket."""
    return min(viewers / RAID_PAGES_PER_SECOND, RAID_PAGES_SECONDS_MAX)
