"""What every page shows beside its content: the left rail."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from streaming.models import Channel

FOLLOWED_SHOWN = 25
RECOMMENDED_SHOWN = 12


@dataclass(frozen=True)
class LeftRail:
    """Followed channels, those on air first, and others that are live."""

    followed: list[Channel]
    recommended: list[Channel]


def left_rail(request: HttpRequest) -> dict[str, Any]:
    """Lazy: pages without a rail cost no query, others two."""
    return {"left_rail": SimpleLazyObject(lambda: _left_rail(request))}


def _left_rail(request: HttpRequest) -> LeftRail:
    visible = Channel.objects.for_pages().filter(owner__is_active=True)
    followed: list[Channel] = []
    if request.user.is_authenticated:
        in_order = visible.followed_by(request.user).order_by("-is_live", "-viewer_count", "-last_live_at", "pk")
        followed = list(in_order[:FOLLOWED_SHOWN])
    others = visible.live().exclude(pk__in=[channel.pk for channel in followed])
    return LeftRail(followed=followed, recommended=list(others[:RECOMMENDED_SHOWN]))
