"""Recordings move to cheaper storage as they grow old, and come back when somebody wants to see them.

Only archives move; playlists, pictures and the index of segments stay. Hot is the storage of everything else; warm is
played from where it is; what is cold must be brought back first. Each move copies and checks, is noted, and only then
deletes what was left: killed at any point it is repeated, and the recording is whole in the tier that is noted.
"""

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from transcode import signals
from transcode.errors import MediaDamaged
from transcode.hls import names
from transcode.limits import ARCHIVE_HEAD_BYTES, ARCHIVE_SAMPLES, COPIED_BYTES, TIER_MOVES_AT_ONCE
from transcode.models import LiveJob, Segment, StorageTier
from transcode.object_store import MediaStorage, WrittenOnce, storage_of, tiers
from transcode.recordings import archives_of, rendition_names, tracks_of

log = logging.getLogger(__name__)


def due_tier(*, now: datetime, finished_at: datetime, restored_at: datetime | None) -> StorageTier:
    """Where a recording of this age belongs, of the tiers there are. One that was brought back is as good as new."""
    age = now - max(finished_at, restored_at or finished_at)
    if age >= timedelta(days=settings.WARM_DAYS) and is_configured(StorageTier.COLD):
        return StorageTier.COLD
    if age >= timedelta(days=settings.HOT_DAYS) and is_configured(StorageTier.WARM):
        return StorageTier.WARM
    return StorageTier.HOT


def is_configured(tier: StorageTier) -> bool:
    """Whether this installation has such storage."""
    return tier.value in tiers()


def move_due_recordings() -> None:
    """Bring back what is asked for, finish what was interrupted, and move what has grown old: a few at a time."""
    consolidated = LiveJob.objects.filter(consolidated_at__isnull=False)
    wanted = consolidated.filter(restore_asked_at__isnull=False).order_by("restore_asked_at")
    for job in wanted[:TIER_MOVES_AT_ONCE]:
        move_recording(stream_id=job.stream_id, tier=StorageTier.HOT)
    for job in consolidated.exclude(leaving_tier="")[:TIER_MOVES_AT_ONCE]:
        move_recording(stream_id=job.stream_id, tier=StorageTier(job.storage_tier))
    now, moved = timezone.now(), 0
    old = now - timedelta(days=min(settings.HOT_DAYS, settings.WARM_DAYS))
    aged = consolidated.filter(Q(restored_at=None) | Q(restored_at__lt=old), finished_at__lt=old)
    facts = aged.exclude(storage_tier=StorageTier.COLD).order_by("finished_at")
    for stream_id, tier, finished_at, restored_at in facts.values_list(
        "stream_id", "storage_tier", "finished_at", "restored_at"
    ):
        due = due_tier(now=now, finished_at=finished_at or now, restored_at=restored_at)
        if due != tier:
            move_recording(stream_id=stream_id, tier=due)
            moved += 1
        if moved == TIER_MOVES_AT_ONCE:
            return


def move_recording(*, stream_id: str, tier: StorageTier) -> None:
    """Have the recording's archives in this tier and nowhere else. Does nothing while another worker does it."""
    with transaction.atomic():
        job = _claim(stream_id)
        if job is not None and job.storage_tier != tier:
            for key, size in _archive_files(job):
                _copy(key, size, job.storage_tier, tier.value)
            job.leaving_tier, job.storage_tier = job.storage_tier, tier
            job.save(update_fields=["leaving_tier", "storage_tier"])
    with transaction.atomic():
        job = _claim(stream_id)
        if job is not None:
            _leave(job)


def _leave(job: LiveJob) -> None:
    """Delete what a move has left, and tell those who asked for it."""
    if job.leaving_tier:
        for key, _ in _archive_files(job):
            storage_of(job.leaving_tier).delete(key)
    came_back = job.restore_asked_at is not None and job.storage_tier != StorageTier.COLD
    if came_back:
        job.restore_asked_at, job.restored_at = None, timezone.now()
    job.leaving_tier = ""
    job.save(update_fields=["leaving_tier", "restore_asked_at", "restored_at"])
    if came_back:
        transaction.on_commit(partial(signals.recording_restored.send_robust, sender=None, stream_id=job.stream_id))


def request_restore(*, stream_id: str) -> None:
    """Have a cold recording brought back. Safe to repeat; does nothing for one that can be played."""
    from transcode.tasks import move_recordings

    cold = LiveJob.objects.filter(stream_id=stream_id, storage_tier=StorageTier.COLD, restore_asked_at=None)
    if cold.update(restore_asked_at=timezone.now()):
        transaction.on_commit(move_recordings.delay)


def _claim(stream_id: str) -> LiveJob | None:
    jobs = LiveJob.objects.select_for_update(skip_locked=True)
    return jobs.filter(stream_id=stream_id, consolidated_at__isnull=False).first()


def _archive_files(job: LiveJob) -> Iterator[tuple[str, int]]:
    """Key and bytes of each archive."""
    rows = list(Segment.objects.of(job.stream_id))
    archives = archives_of(job, tracks_of(job, rows))
    for name in rendition_names(job):
        if name in archives and archives[name].size:
            yield names.object_key(job.stream_id, f"{name}/{names.ARCHIVE}"), archives[name].size


def _copy(key: str, size: int, source: str, target: str) -> None:
    """Whole and checked, or an error; what an earlier attempt has copied is kept."""
    here, there = storage_of(source), storage_of(target)
    if _is_same(key, size, here, there):
        return
    pieces = (here.read_range(key, at, min(COPIED_BYTES, size - at)) for at in range(0, size, COPIED_BYTES))
    there.save(key, WrittenOnce(pieces, size))
    there.settle(key)
    if not _is_same(key, size, here, there):
        raise MediaDamaged(f"{key} in {target} is not what is in {source}")


def _is_same(key: str, size: int, here: MediaStorage, there: MediaStorage) -> bool:
    """By size, and by pieces from all over it."""
    if not there.exists(key) or there.size(key) != size:
        return False
    places = {size * part // ARCHIVE_SAMPLES for part in range(ARCHIVE_SAMPLES)} | {max(size - ARCHIVE_HEAD_BYTES, 0)}
    return all(
        here.read_range(key, at, ARCHIVE_HEAD_BYTES) == there.read_range(key, at, ARCHIVE_HEAD_BYTES) for at in places
    )
