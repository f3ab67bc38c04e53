"""The database's side of a broadcast's media: which segments exist, and which jobs are wanted."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from django.conf import settings
from django.utils import timezone

from transcode.hls.dvr import encode_entry, entries_kept
from transcode.hls.multivariant import Rendition
from transcode.hls.window import Window, WindowSegment, with_known_maps
from transcode.limits import TIMELINE_MARGIN_SECONDS
from transcode.live_state import LiveState
from transcode.models import LiveJob, Segment

REBUILT_SEGMENTS = 20  # a window's worth


@dataclass
class SegmentRow:
    """One segment of a broadcast as its renditions finish it."""

    sequence: int
    epoch: int
    starts_at: float
    discontinuity: bool
    renditions: dict[str, tuple[float, int, int, float]] = field(default_factory=dict)

    def add(self, rendition: str, segment: WindowSegment) -> None:
        if not segment.gap:
            later = round(segment.starts_at - self.starts_at, 6)
            self.renditions[rendition] = (round(segment.duration, 6), segment.size, segment.key_bytes, later)


class RowCollector:
    """Collects finished segments until all renditions have theirs."""

    def __init__(self) -> None:
        self._rows: dict[int, SegmentRow] = {}
        self._seen: dict[int, set[str]] = {}

    def add(self, rendition: str, segment: WindowSegment, *, expected: int) -> SegmentRow | None:
        """Returns the row once `expected` renditions have finished (or skipped) this segment."""
        row = self._rows.setdefault(
            segment.msn, SegmentRow(segment.msn, segment.epoch, segment.starts_at, segment.discontinuity)
        )
        row.add(rendition, segment)
        seen = self._seen.setdefault(segment.msn, set())
        seen.add(rendition)
        if len(seen) < expected:
            return None
        del self._seen[segment.msn]
        return self._rows.pop(segment.msn)

    def take_rest(self) -> list[SegmentRow]:
        """Rows that will not be completed."""
        rows, self._rows, self._seen = list(self._rows.values()), {}, {}
        return rows


def save_segments(*, stream_id: str, rows: Iterable[SegmentRow]) -> None:
    """Index segments; doing it again with the same rows changes nothing."""
    Segment.objects.bulk_create(
        [
            Segment(
                stream_id=stream_id,
                sequence=row.sequence,
                epoch=row.epoch,
                starts_at=datetime.fromtimestamp(row.starts_at, UTC),
                discontinuity=row.discontinuity,
                renditions=row.renditions,
            )
            for row in rows
            if row.renditions
        ],
        update_conflicts=True,
        unique_fields=["stream_id", "sequence"],
        update_fields=["epoch", "starts_at", "discontinuity", "renditions"],
    )


def rebuild_windows(*, stream_id: str) -> tuple[LiveState | None, dict[str, Window]]:
    """State and windows from the index alone, for a broadcast whose Redis was lost; (None, {}) when it has no media."""
    job = LiveJob.objects.filter(stream_id=stream_id).first()
    rows = list(Segment.objects.filter(stream_id=stream_id).order_by("-sequence")[:REBUILT_SEGMENTS])[::-1]
    if job is None or not job.renditions or not rows:
        return None, {}
    state = LiveState(
        settings.TARGET_DURATION_SECONDS,
        settings.PART_TARGET_SECONDS,
        anchor=timeline_anchor(job),
        runs={str(row.epoch): row.starts_at.timestamp() for row in rows if row.discontinuity},
        renditions=[Rendition.from_json(entry) for entry in job.renditions],
        ready=True,
    )
    discontinuities = Segment.objects.filter(stream_id=stream_id, sequence__lt=rows[0].sequence, discontinuity=True)
    windows = {
        rendition.name: Window(
            state.target_duration,
            state.part_target,
            next_msn=rows[-1].sequence + 1,
            discontinuity_sequence=discontinuities.count(),
            segments=listed(rows, rendition.name),
        )
        for rendition in state.renditions
    }
    return state, windows


def listed(rows: Iterable[Segment], rendition: str) -> list[WindowSegment]:
    """One rendition as the live playlist had it: where numbers are missing no encoder sent, and gaps stood there."""
    segments: list[WindowSegment] = []
    for row in rows:
        segment = row.as_window_segment(rendition)
        if segments:
            segments += _absence_between(segments[-1], segment)
        segments.append(segment)
    return with_known_maps(segments)


def _absence_between(before: WindowSegment, after: WindowSegment) -> list[WindowSegment]:
    numbers = range(before.msn + 1, after.msn)
    since = before.starts_at + before.duration
    seconds = max(after.starts_at - since, 0.0) / max(len(numbers), 1)
    return [
        WindowSegment(msn, before.epoch, since + seconds * place, seconds, 0, gap=True)
        for place, msn in enumerate(numbers)
    ]


def load_past(*, stream_id: str) -> dict[str, list[bytes]]:
    """An entry (see hls.dvr) of every segment viewers may rewind to, by rendition, as far as it is indexed."""
    kept = entries_kept(seconds=settings.DVR_SECONDS, target_duration=settings.TARGET_DURATION_SECONDS)
    rows = list(Segment.objects.filter(stream_id=stream_id).order_by("-sequence")[:kept])[::-1]
    renditions = {name for row in rows for name in row.renditions}
    return {name: [encode_entry(segment) for segment in listed(rows, name)] for name in renditions}


def load_anchor(*, stream_id: str) -> float:
    """`timeline_anchor` by the broadcast's id."""
    return timeline_anchor(LiveJob.objects.get(stream_id=stream_id))


def timeline_anchor(job: LiveJob) -> float:
    """Unix time of media time 0 in all files of a broadcast, the same whoever asks, whenever."""
    return int(job.created_at.timestamp()) - TIMELINE_MARGIN_SECONDS


def is_wanted(*, stream_id: str) -> bool:
    """Whether the broadcast goes on, as far as the rest of the product is concerned."""
    return LiveJob.objects.filter(stream_id=stream_id, wanted=True).exists()


def save_renditions(*, stream_id: str, renditions: Iterable[Rendition]) -> None:
    """Remember what the multivariant playlist said, for the recording."""
    LiveJob.objects.filter(stream_id=stream_id).update(renditions=[entry.to_json() for entry in renditions])


def mark_finished(*, stream_id: str) -> bool:
    """Close the job; False when someone was first."""
    jobs = LiveJob.objects.filter(stream_id=stream_id, finished_at=None)
    return bool(jobs.update(wanted=False, finished_at=timezone.now()))
