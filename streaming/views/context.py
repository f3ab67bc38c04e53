"""What every page shows beside its content: the left rail."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from streaming.discovery.recommendations import Recommended, recommend
from streaming.models import Channel

FOLLOWED_SHOWN = 25
RECOMMENDED_SHOWN = 12


@dataclass(frozen=True)
class LeftRail:
    """Followed channels, those on air first, and others that are live."""

    followed: list[Channel]
    recommended: list[Recommended]


def left_rail(request: HttpRequest) -> dict[str, Any]:
    """Lazy: pages without a rail cost no query, others two, and for who is signed in one more."""
    return {"left_rail": SimpleLazyObject(lambda: read_rail(request))}


def read_rail(request: HttpRequest) -> LeftRail:
    """For a page that shows the same channels in its middle, too, and hands the rail to its template itself."""
    followed: list[Channel] = []
    if request.user.is_authenticated:
        order = ("-is_live", "-viewer_count", "-last_live_at", "pk")
        # First which, then all that is shown of them: who follows thousands would wait for the owners of all.
        first = Channel.objects.followed_by(request.user).order_by(*order).values("pk")[:FOLLOWED_SHOWN]
        visible = Channel.objects.for_pages().filter(owner__is_active=True, pk__in=first)
        followed = list(visible.order_by(*order))
    return LeftRail(followed=followed, recommended=recommend(request.user, RECOMMENDED_SHOWN))
