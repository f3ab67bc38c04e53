"""How a room is run: its modes, as the moderators set them."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class RoomPolicy:
    """What viewers of a room must be and do before they may speak. The defaults let everyone speak.

    `version` grows with every change; the publish script refuses decisions that were made by an older one. Times are
    in seconds.
    """

    version: int = 0
    slow_seconds: int = 0  # between two messages of one viewer; 0: off
    followers_only: bool = False
    followers_seconds: int = 0  # for how long one must have followed
    subscribers_only: bool = False
    unique_chat: bool = False  # the same words are not said twice
    links_allowed: bool = True
    verified_email: bool = False
    account_seconds: int = 0  # how old an account must be
    shield: bool = False  # during an attack: only those who have followed for SHIELD_FOLLOWED_SECONDS, slowly
    emote_only: bool = False  # nothing is said in words
    delay_seconds: int = 0  # moderators read so much earlier than viewers
    automod_level: int = 0  # which messages wait for a moderator: 0 none, 4 the most


OPEN = RoomPolicy()


def with_shield(
    changes: dict[str, Any], *, now: bool, saved: dict[str, Any], before: dict[str, Any]
) -> tuple[dict[str, Any], bool]:
    """The changes with what switching the shield brings, and whether what was before has to be remembered.

    `saved` are the modes that shield mode turns on, `before` those to go back to. What is ordered by name wins.
    """
    wanted = changes.get("shield")
    if wanted is True and not now:
        return {**saved, **changes}, True
    if wanted is False and now:
        return {**before, **changes}, False
    return changes, False
