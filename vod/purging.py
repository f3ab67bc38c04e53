"""Files of recordings that nobody can watch any more are removed."""

from django.db.models import Exists, OuterRef
from django.utils import timezone

from streaming.models import Broadcast
from transcode import services as media
from transcode.models import LiveJob
from vod.limits import PURGED_AT_ONCE
from vod.models import Vod


def purge_recordings() -> int:
    """Remove the files of recordings that were deleted for good, and of broadcasts whose channel is gone; returns how
    many. Safe to repeat and to kill: what is not noted is done again."""
    deleted = list(Vod.objects.to_purge().select_related("broadcast")[:PURGED_AT_ONCE])
    for vod in deleted:
        media.delete_recording(stream_id=vod.broadcast.public_id)
        Broadcast.objects.filter(pk=vod.broadcast_id).update(preview_path="")
        Vod.objects.filter(pk=vod.pk).update(purged_at=timezone.now(), preview_path="")
    known = Broadcast.objects.filter(public_id=OuterRef("stream_id"))
    ownerless = LiveJob.objects.filter(~Exists(known), finished_at__isnull=False).values_list("stream_id", flat=True)
    abandoned = list(ownerless[:PURGED_AT_ONCE])
    for stream_id in abandoned:
        media.delete_recording(stream_id=stream_id)
    return len(deleted) + len(abandoned)
