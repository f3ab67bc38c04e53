"""Where signed-in viewers were in recordings."""

from django.utils import timezone

from accounts.models import User
from common.errors import InvalidInput
from vod.limits import POSITIONS_PER_USER
from vod.models import Vod, WatchPosition


def keep_position(*, user: User, vod: Vod, seconds: float) -> WatchPosition:
    """Remember how far this viewer is; of very many recordings the newest are remembered."""
    if not 0 <= seconds < float("inf"):
        raise InvalidInput("The position is a number of seconds from the beginning.")
    position, is_new = WatchPosition.objects.update_or_create(
        user=user,
        vod=vod,
        defaults={"seconds": int(min(seconds, vod.duration_seconds)), "updated_at": timezone.now()},
    )
    if is_new:
        newest = WatchPosition.objects.filter(user=user).order_by("-updated_at", "-pk")
        old = newest.values_list("pk", flat=True)[POSITIONS_PER_USER:]
        WatchPosition.objects.filter(pk__in=list(old)).delete()
    return position


def position_of(*, user: User, vod: Vod) -> int:
    """Seconds from the beginning; 0 for who has not watched it."""
    found = WatchPosition.objects.filter(user=user, vod=vod).values_list("seconds", flat=True).first()
    return found or 0
