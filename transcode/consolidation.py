"""A finished recording becomes one file for each rendition, instead of one for each segment.

Level-triggered, in two steps that may each be killed at any point and repeated: the archives are written beside what
was live, checked, and noted (`LiveJob.archive`); then the playlists name pieces of them, and what was live is deleted.
At every moment playlists in storage name what is there, and a player that has an older one finds its segments by the
names they had (`stored_media`).
"""

import json
import logging
from collections.abc import Iterator, Sequence
from datetime import timedelta

from django.conf import settings
from django.core.cache import cache
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone

from transcode import object_store
from transcode.errors import MediaDamaged
from transcode.hls import names
from transcode.hls.archive import Archive, index_of, lay_out
from transcode.limits import (
    ARCHIVE_HEAD_BYTES,
    ARCHIVE_SAMPLES,
    CONSOLIDATION_PAUSE_SECONDS,
    CONSOLIDATIONS_AT_ONCE,
    CONSOLIDATIONS_LOOKED_AT,
    MOST_LOST,
)
from transcode.live_store import store_object
from transcode.models import LiveJob, Segment
from transcode.recordings import archives_of, render_recording, rendition_names, tracks_of
from transcode.segment_index import timeline_anchor
from transcode.stored_media import read_init, read_segment

log = logging.getLogger(__name__)


def request_consolidations() -> None:
    """Send a task for each of the recordings that have waited longest, but for those that failed lately. Safe to
    repeat."""
    from transcode.tasks import consolidate_recording

    before = timezone.now() - timedelta(seconds=settings.CONSOLIDATE_AFTER_SECONDS)
    waiting = LiveJob.objects.filter(finished_at__lte=before, consolidated_at=None).order_by("finished_at")
    ids = list(waiting.values_list("stream_id", flat=True)[:CONSOLIDATIONS_LOOKED_AT])
    failed = cache.get_many([_failed_key(stream_id) for stream_id in ids])
    for stream_id in [one for one in ids if _failed_key(one) not in failed][:CONSOLIDATIONS_AT_ONCE]:
        consolidate_recording.delay(stream_id)


def consolidate_recording(*, stream_id: str) -> None:
    """Write the recording's archives and have its playlists use them. Does nothing while another worker does it; what
    fails is left alone for a while."""
    try:
        with transaction.atomic():
            job = _claim(stream_id)
            if job is not None and job.archive is None:
                job.archive = {name: _write_archive(job, name) for name in rendition_names(job)}
                job.save(update_fields=["archive"])
        with transaction.atomic():
            job = _claim(stream_id) if job is not None else None
            if job is not None:
                _swap(job)
                job.consolidated_at = timezone.now()
                job.save(update_fields=["consolidated_at"])
    except Exception:
        cache.set(_failed_key(stream_id), 1, timeout=CONSOLIDATION_PAUSE_SECONDS)
        raise


def _failed_key(stream_id: str) -> str:
    return f"consolidation-failed:{stream_id}"


def _claim(stream_id: str) -> LiveJob | None:
    """Ours until the transaction ends, also by death; None when another worker's, or when there is nothing to do."""
    jobs = LiveJob.objects.select_for_update(skip_locked=True)
    return jobs.filter(stream_id=stream_id, finished_at__isnull=False, consolidated_at=None).first()


# --- Writing


def _write_archive(job: LiveJob, rendition: str) -> dict[str, int]:
    """One rendition's archive is in storage, whole and checked; returns the sizes of its initialization sections."""
    rows = _stored_rows(job, rendition)
    inits = {epoch: read_init(job.stream_id, rendition, epoch) for epoch in dict.fromkeys(row.epoch for row in rows)}
    sizes = {epoch: len(init) for epoch, init in inits.items()}
    layout = lay_out((row.as_window_segment(rendition) for row in rows), sizes)
    key = names.object_key(job.stream_id, f"{rendition}/{names.ARCHIVE}")
    if rows and not _is_good(key, layout, rendition, rows):  # else an earlier worker came so far
        pieces = _pieces(layout, inits, rendition, rows, timeline_anchor(job))
        default_storage.save(key, object_store.WrittenOnce(pieces, layout.size))
        object_store.settle(key)
        if not _is_good(key, layout, rendition, rows):
            raise MediaDamaged(f"{key} is not what was written")
    return {str(epoch): size for epoch, size in sizes.items()}


def _stored_rows(job: LiveJob, rendition: str) -> list[Segment]:
    """The segments that storage has. What was lost is listed as a gap from now on, not as an address that answers 404;
    most of it cannot have been lost: then it is storage that is not there."""
    rows = [row for row in Segment.objects.of(job.stream_id) if rendition in row.renditions]
    there = set(object_store.list_names(names.object_key(job.stream_id, rendition)))
    lost = [row for row in rows if not {_name(row), names.init_name(row.epoch)} <= there]
    if len(lost) > len(rows) * MOST_LOST:
        raise MediaDamaged(f"storage has {len(rows) - len(lost)} of {len(rows)} segments of {job}/{rendition}")
    for row in lost:
        log.error("%s is not in storage as %s: a gap in its recording", row, rendition)
        del row.renditions[rendition]
        row.save(update_fields=["renditions"])
    return [row for row in rows if rendition in row.renditions]


def _pieces(
    layout: Archive, inits: dict[int, bytes], rendition: str, rows: Sequence[Segment], anchor: float
) -> Iterator[bytes]:
    """The archive's bytes; one segment is held at a time."""
    by_number = {row.sequence: row for row in rows}
    for run in layout.runs:
        yield inits[run.epoch]
        yield index_of(run.segments, anchor=anchor)
        for segment in run.segments:
            body = read_segment(rendition, by_number[segment.msn])
            if len(body) != segment.size:
                raise MediaDamaged(f"{by_number[segment.msn]} has {len(body)} bytes as {rendition}, not {segment.size}")
            yield body


def _name(row: Segment) -> str:
    return names.segment_name(row.epoch, row.sequence)


def _is_good(key: str, layout: Archive, rendition: str, rows: Sequence[Segment]) -> bool:
    """Whether all of an archive is there: by its size, and by the heads of segments all over it."""
    if not default_storage.exists(key) or default_storage.size(key) != layout.size:
        return False
    step = max(len(rows) // ARCHIVE_SAMPLES, 1)
    for row in [*rows[::step], rows[-1]]:
        at, size = layout.places[row.sequence]
        head = object_store.read_range(key, at, min(size, ARCHIVE_HEAD_BYTES))
        if head != read_segment(rendition, row, size=ARCHIVE_HEAD_BYTES):
            return False
    return True


# --- Swapping


def _swap(job: LiveJob) -> None:
    """First where everything went, then the playlists, and only then is deleted what none of them names."""
    rows = list(Segment.objects.of(job.stream_id))
    archives = archives_of(job, tracks_of(job, rows))
    moved = {name: archive.by_name() for name, archive in archives.items()}
    store_object(job.stream_id, names.ARCHIVE_INDEX, json.dumps(moved, separators=(",", ":")).encode())
    render_recording(job, rows)
    for name in archives:
        folder = names.object_key(job.stream_id, name)
        for file in object_store.list_names(folder):
            if file != names.ARCHIVE:
                default_storage.delete(f"{folder}/{file}")
