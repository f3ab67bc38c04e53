"""A cut of a recording as a broadcast's media of its own.

Its segments are copied, not only listed again: a token opens all media of one broadcast, so that a highlight for
everyone would open the private recording it is cut from; and what is kept for good must not keep the hours around it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from transcode.errors import TranscodeError
from transcode.hls import names
from transcode.live_store import store_object
from transcode.models import LiveJob, Segment
from transcode.recording_clock import RecordingClock, spans_of
from transcode.stored_media import read_init, read_segment


class NothingToCut(TranscodeError):
    """There is no segment in this range."""


@dataclass(frozen=True)
class Cut:
    """When what was cut out was on air."""

    starts_at: datetime
    ends_at: datetime


def cut_range(*, stream_id: str, into: str, begin: float, end: float) -> Cut:
    """Copy what was recorded between two seconds to the broadcast `into`, from the key frame before on. Safe to repeat
    and to kill; only when all is there is the job noted as finished. Raises NothingToCut, FileNotFoundError."""
    rows = _rows_between(stream_id, begin, end)
    source = LiveJob.objects.filter(stream_id=stream_id).first()
    if source is None or not rows:
        raise NothingToCut("Nothing was recorded there.")
    LiveJob.objects.get_or_create(stream_id=into, defaults={"wanted": False, "renditions": source.renditions})
    # Media time 0 is where it was: the segments carry it in them.
    LiveJob.objects.filter(stream_id=into).update(created_at=source.created_at)
    _copy_media(rows, into)
    rows[0].discontinuity = False
    copies = [
        Segment(
            stream_id=into,
            sequence=row.sequence,
            epoch=row.epoch,
            starts_at=row.starts_at,
            discontinuity=row.discontinuity,
            renditions=row.renditions,
        )
        for row in rows
    ]
    Segment.objects.bulk_create(copies, ignore_conflicts=True)
    LiveJob.objects.filter(stream_id=into, finished_at=None).update(finished_at=timezone.now())
    return Cut(rows[0].starts_at, rows[-1].starts_at + timedelta(seconds=rows[-1].duration))


def _rows_between(stream_id: str, begin: float, end: float) -> list[Segment]:
    rows = list(Segment.objects.of(stream_id))
    clock = RecordingClock(spans_of((row.starts_at.timestamp(), row.duration) for row in rows))
    starts = [clock.seconds_at(row.starts_at.timestamp()) for row in rows]
    return [row for row, start in zip(rows, starts, strict=True) if start < end and start + row.duration > begin]


def _copy_media(rows: list[Segment], into: str) -> None:
    """One file is held at a time."""
    stream_id = rows[0].stream_id
    inits = {(name, row.epoch) for row in rows for name in row.renditions}
    for name, epoch in sorted(inits):
        store_object(into, f"{name}/{names.init_name(epoch)}", read_init(stream_id, name, epoch))
    for row in rows:
        for name in row.renditions:
            store_object(into, f"{name}/{names.segment_name(row.epoch, row.sequence)}", read_segment(name, row))
