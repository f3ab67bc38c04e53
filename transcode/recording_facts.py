"""What the segment index knows of a finished broadcast."""

import json
from collections import Counter
from dataclasses import dataclass
from typing import Any

from django.core.cache import cache
from django.core.files.storage import default_storage

from transcode.hls import names
from transcode.hls.multivariant import Rendition
from transcode.models import LiveJob, Segment
from transcode.recording_clock import RecordingClock, Span, spans_of

KEPT_SECONDS = 3600  # four hours are 7,200 rows to read, and players ask for thumbnails again and again


@dataclass(frozen=True)
class RenditionSize:
    """One quality of a recording; `height` 0 is the sound."""

    name: str
    width: int
    height: int
    frame_rate: float
    size: int  # bytes


def read_clock(*, stream_id: str) -> RecordingClock:
    """The clock of an ended broadcast's recording."""
    key = f"recording-clock:{stream_id}"
    spans: list[tuple[float, float]] | None = cache.get(key)
    if spans is None:
        made = spans_of((row.starts_at.timestamp(), row.duration) for row in Segment.objects.of(stream_id))
        spans = [(span.starts_at, span.duration) for span in made]
        if spans:
            cache.set(key, spans, KEPT_SECONDS)
    return RecordingClock(Span(*span) for span in spans)


def read_storyboard(*, stream_id: str) -> dict[str, Any] | None:
    """The index of the recording's small pictures, with addresses relative to its own; None while there is none."""
    try:
        with default_storage.open(names.object_key(stream_id, f"{names.RECORDING_DIR}/{names.STORYBOARD}")) as file:
            stored: dict[str, Any] = json.loads(file.read())
    except FileNotFoundError:
        return None
    return stored


def recording_sizes(*, stream_id: str) -> list[RenditionSize]:
    """How much each quality takes, the best first, the sound last."""
    sizes: Counter[str] = Counter()
    for made in Segment.objects.of(stream_id).values_list("renditions", flat=True):
        sizes.update({name: numbers[1] for name, numbers in made.items()})
    job = LiveJob.objects.filter(stream_id=stream_id).first()
    known = [Rendition.from_json(entry) for entry in job.renditions] if job else []
    return [RenditionSize(one.name, one.width, one.height, one.frame_rate, sizes[one.name]) for one in known]
