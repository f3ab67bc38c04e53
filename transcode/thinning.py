"""Old recordings keep fewer qualities: the best, one for narrow lines, and the sound."""

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from transcode.hls import names
from transcode.hls.multivariant import Rendition
from transcode.limits import THINNED_AT_ONCE
from transcode.models import LiveJob, Segment
from transcode.object_store import delete_folder, storage_of
from transcode.recordings import render_recording

KEPT_LINES = 480  # besides the best one, what is nearest to this is kept


def thin_recordings() -> None:
    """Drop qualities of recordings that have grown old, a few at a time. Does nothing where none are to be dropped."""
    if not settings.DROP_RENDITIONS_DAYS:
        return
    old = timezone.now() - timedelta(days=settings.DROP_RENDITIONS_DAYS)
    jobs = LiveJob.objects.filter(consolidated_at__isnull=False, finished_at__lt=old, thinned_at=None)
    for stream_id in jobs.order_by("finished_at").values_list("stream_id", flat=True)[:THINNED_AT_ONCE]:
        thin_recording(stream_id=stream_id)


def thin_recording(*, stream_id: str) -> None:
    """First the playlists stop naming what is dropped, then its files go, and it is noted last: killed at any point,
    all of it is done again. Does nothing while another worker has the recording."""
    with transaction.atomic():
        jobs = LiveJob.objects.select_for_update(skip_locked=True)
        job = jobs.filter(stream_id=stream_id, consolidated_at__isnull=False, thinned_at=None).first()
        if job is None:
            return
        dropped = to_drop([Rendition.from_json(entry) for entry in job.renditions])
        job.renditions = [entry for entry in job.renditions if entry["name"] not in dropped]
        job.archive = {name: sizes for name, sizes in (job.archive or {}).items() if name not in dropped}
        if dropped:
            render_recording(job, list(Segment.objects.of(stream_id)))
        for name in dropped:
            archive = names.object_key(stream_id, f"{name}/{names.ARCHIVE}")
            if storage_of(job.storage_tier).exists(archive):
                job.stored_bytes -= storage_of(job.storage_tier).size(archive)
                storage_of(job.storage_tier).delete(archive)
            delete_folder(names.object_key(stream_id, name))
            delete_folder(names.object_key(stream_id, f"{names.RECORDING_DIR}/{name}"))
        job.thinned_at = timezone.now()
        job.save(update_fields=["renditions", "archive", "stored_bytes", "thinned_at"])


def to_drop(renditions: list[Rendition]) -> list[str]:
    """Names of the qualities an old recording can do without."""
    lines = {one.name: min(one.width, one.height) for one in renditions if not one.is_audio}
    best = max(lines, key=lambda name: lines[name], default="")
    others = [name for name in lines if name != best]
    kept = min(others, key=lambda name: abs(lines[name] - KEPT_LINES), default="")
    return [name for name in others if name != kept]
