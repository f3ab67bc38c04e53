"""How long recordings are kept, by the class of their channel."""

from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from streaming.models import ChannelTier
from vod.limits import EXPIRED_AT_ONCE
from vod.models import Kind, Vod
from vod.services import delete_vod


def kept_until(vod: Vod) -> datetime | None:
    """When the recording is deleted by itself; None: never. A highlight never is."""
    days = settings.KEEP_DAYS[vod.channel.tier]
    return vod.created_at + timedelta(days=days) if days and vod.kind == Kind.BROADCAST else None


def expire_recordings() -> int:
    """Delete what was kept long enough, as its owner would: for a week it can be brought back. Returns how many."""
    now, count = timezone.now(), 0
    for tier in ChannelTier:
        if days := settings.KEEP_DAYS[tier]:
            kept = Vod.objects.kept().filter(kind=Kind.BROADCAST, channel__tier=tier)
            old = kept.filter(created_at__lt=now - timedelta(days=days)).select_related("broadcast")
            for vod in old.order_by("created_at")[:EXPIRED_AT_ONCE]:
                delete_vod(vod=vod)
                count += 1
    return count
