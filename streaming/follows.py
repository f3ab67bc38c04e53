"""Reads of the channels that someone follows, in pages."""

from dataclasses import dataclass
from datetime import UTC, datetime

from django.db.models import F, QuerySet
from django.db.models.functions import Coalesce

from accounts.models import User
from streaming.discovery.keyset import Cursor, moment_of, number_of
from streaming.limits import BROWSE_PAGE, FOLLOWS_PAGE
from streaming.models import Channel

RECENT = "recent"
FOLLOW_ORDERS = {RECENT: "Lately live", "followed": "Lately followed", "oldest": "First followed"}
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class FollowsPage:
    """One page; `after` continues it."""

    channels: list[Channel]
    after: Cursor | None


def live_follows(user: User, after: Cursor | None) -> FollowsPage:
    """Those on air, most watched first."""
    channels = _followed(user).filter(is_live=True).order_by("-viewer_count", "id")
    if after is not None:
        channels = after.of(channels, "viewer_count", keys_falling=False)
    return _page(channels, "viewer_count", BROWSE_PAGE)


def other_follows(user: User, sort: str, after: Cursor | None) -> FollowsPage:
    """Those off air."""
    source = Coalesce("last_live_at", _NEVER) if sort == RECENT else F("follows__created_at")
    channels = _followed(user).filter(is_live=False).annotate(moment=source)
    falling = sort != "oldest"
    channels = channels.order_by("-moment" if falling else "moment", "-id")
    if after is not None:
        channels = after.of(channels, "moment", falling=falling, value=moment_of(after.value))
    return _page(channels, "moment", FOLLOWS_PAGE)


def _followed(user: User) -> "QuerySet[Channel]":
    """With `notify`, whether the user is told when it is live."""
    followed = Channel.objects.for_pages().followed_by(user).filter(owner__is_active=True)
    return followed.annotate(notify=F("follows__notify"))


def _page(channels: "QuerySet[Channel]", column: str, count: int) -> FollowsPage:
    rows = list(channels[: count + 1])
    if len(rows) <= count:
        return FollowsPage(rows, None)
    last = rows[count - 1]
    return FollowsPage(rows[:count], Cursor(number_of(getattr(last, column)), last.pk))
