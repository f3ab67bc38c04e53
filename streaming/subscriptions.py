"""Who has subscribed to a channel: the one place that chat and recordings ask.

Nobody can subscribe yet, so nobody has. When subscriptions come, they answer here and the askers stay as they are.
"""

from collections.abc import Collection
from typing import Any

from streaming.models import Channel


def subscribed_months(*, places: Collection[tuple[int, int]]) -> dict[tuple[int, int], int]:
    """For how many months who is in a place, (channel, user), has subscribed there; who has not is not in it."""
    return {}


def is_subscriber(*, user: Any, channel: Channel) -> bool:
    """Whether what is for subscribers is for this user (or anonymous visitor): it is for the owner, too."""
    if not user.is_authenticated:
        return False
    place = (channel.pk, user.pk)
    return channel.owner_id == user.pk or place in subscribed_months(places=[place])
