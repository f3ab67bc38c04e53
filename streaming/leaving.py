"""What becomes of a channel whose owner leaves."""

from typing import Any

from django.db import transaction
from django.db.models import F

from streaming.broadcast_services import end_broadcasts_of_user
from streaming.models import Broadcast, Channel, Follow

EMPTY: dict[str, Any] = {
    "title": "",
    "about": "",
    "category": None,
    "tags": [],
    "facets": [],
    "tier": "everyone",
    "follower_count": 0,
}


def clear_channel_of_user(*, user_id: int) -> None:
    """Nothing of its words is left; the row stays for the recordings that are still to be removed. Safe to repeat."""
    end_broadcasts_of_user(user_id=user_id)
    Channel.objects.filter(owner_id=user_id).update(**EMPTY)
    Broadcast.objects.filter(channel__owner_id=user_id).update(title="", category=None)
    with transaction.atomic():
        follows = Follow.objects.filter(user_id=user_id).select_for_update()
        channel_ids = list(follows.values_list("channel_id", flat=True))
        Follow.objects.filter(user_id=user_id, channel_id__in=channel_ids).delete()
        counted = Channel.objects.filter(pk__in=channel_ids, follower_count__gt=0)
        counted.update(follower_count=F("follower_count") - 1)
