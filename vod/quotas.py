"""How much of storage a channel may have, by its class, and what happens when that is used up.

The figure is summed every few minutes. Uploads and highlights that would not fit are refused; broadcasts never are:
after one, the channel's oldest recordings go, as if their owner had deleted them, until it fits.
"""

from django.conf import settings
from django.db.models import BigIntegerField, OuterRef, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone

from common.errors import Conflict
from streaming.models import Channel, ChannelTier
from transcode.models import LiveJob
from vod.limits import CHANNELS_COUNTED_AT_ONCE, EXPIRED_AT_ONCE
from vod.models import ChannelUsage, Clip, Kind, Upload, Vod, VodQuerySet
from vod.quota_rules import Quota, to_delete
from vod.services import delete_vod

GB = 2**30  # as pages show sizes


def read_quota(channel: Channel) -> Quota:
    """As it was counted last."""
    usage = ChannelUsage.objects.filter(channel=channel).first()
    return Quota(usage.bytes if usage else 0, settings.QUOTA_BYTES[channel.tier])


def check_room(*, channel: Channel, size: int = 0) -> None:
    """Whether so many bytes more fit, beside the uploads that are on their way. Raises Conflict."""
    quota = read_quota(channel)
    coming = Upload.objects.open().filter(channel=channel).aggregate(length=Sum("length"))["length"] or 0
    if not quota.has_room_for(max(size + coming, 1)):
        text = f"Your videos take {quota.used / GB:.1f} of the {quota.limit / GB:.1f} GB that you have"
        raise Conflict(f"{text}, and this would not fit. Delete some that you do not need.", code="quota")


def count_usage() -> None:
    """Sum what every channel with recordings has, and make room where it is too much. Safe to repeat."""
    tiers = [tier for tier in ChannelTier if settings.QUOTA_BYTES[tier]]
    channels = Channel.objects.filter(tier__in=tiers, vods__isnull=False).distinct().order_by("pk")
    for channel in channels.iterator(CHANNELS_COUNTED_AT_ONCE):
        make_room(channel=channel)


def make_room(*, channel: Channel) -> int:
    """Count what it has, and delete its oldest recordings if that is too much; returns of how many. Uploads and
    highlights stay, and so does the newest recording."""
    quota = Quota(_count(channel), settings.QUOTA_BYTES[channel.tier])
    deleted = []
    if quota.excess:
        broadcasts = Vod.objects.filter(kind=Kind.BROADCAST, broadcast__started_at__isnull=False)
        oldest = _sizes(broadcasts.filter(channel=channel).order_by("created_at", "pk"))
        deleted = to_delete(oldest, quota.excess)[:EXPIRED_AT_ONCE]
        for vod in Vod.objects.filter(pk__in=deleted).select_related("broadcast"):
            delete_vod(vod=vod)
    used = _count(channel) if deleted else quota.used
    ChannelUsage.objects.update_or_create(channel=channel, defaults={"bytes": used, "counted_at": timezone.now()})
    return len(deleted)


def _count(channel: Channel) -> int:
    """Bytes of its recordings, uploads and highlights, and of the clips of them. What was deleted does not count,
    though it can be brought back for a while."""
    recordings = sum(size for _, size in _sizes(Vod.objects.filter(channel=channel)))
    clips = Clip.objects.kept().filter(channel=channel).aggregate(total=Sum("size"))["total"] or 0
    return int(recordings + clips)


def _sizes(vods: VodQuerySet) -> list[tuple[int, int]]:
    """Key and bytes of those that are kept."""
    stored = LiveJob.objects.filter(stream_id=OuterRef("broadcast__public_id")).values("stored_bytes")
    size = Coalesce(Subquery(stored[:1], output_field=BigIntegerField()), 0)
    return list(vods.kept().annotate(size=size).values_list("pk", "size"))
