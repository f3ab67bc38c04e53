"""A finished broadcast as something to watch again: playlists over the segments that were live."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.conf import settings

from transcode.hls import names
from transcode.hls.multivariant import Rendition, render_multivariant
from transcode.hls.playlist import PlaylistForm, render_recording
from transcode.live_store import store_object
from transcode.models import LiveJob, Segment


@dataclass(frozen=True)
class Recording:
    """A broadcast as it can be watched again."""

    duration_seconds: float
    renditions: list[str]


def write_recording(*, stream_id: str) -> Recording:
    """Render the recording's playlists from the segment index into storage. Safe to repeat."""
    rows = list(Segment.objects.of(stream_id))
    job = LiveJob.objects.filter(stream_id=stream_id).first()
    renditions = [Rendition.from_json(entry) for entry in job.renditions] if job else []
    if not rows or not renditions:
        return Recording(0.0, [])
    for rendition in renditions:
        text = render_recording(
            [row.as_window_segment(rendition.name) for row in rows],
            PlaylistForm(f"../../{rendition.name}/"),
            target_duration=settings.TARGET_DURATION_SECONDS,
        )
        store_object(stream_id, f"{names.RECORDING_DIR}/{rendition.name}/{names.MEDIA_PLAYLIST}", text.encode())
    measured = [_measured(rendition, rows) for rendition in renditions]
    index = render_multivariant(measured).encode()
    store_object(stream_id, f"{names.RECORDING_DIR}/{names.MULTIVARIANT}", index)
    return Recording(sum(row.duration for row in rows), [rendition.name for rendition in renditions])


def _measured(rendition: Rendition, rows: Sequence[Segment]) -> Rendition:
    """Bit rates as they were: peak over any segment and the average (RFC 8216bis §4.4.6.2)."""
    made = [row.renditions[rendition.name] for row in rows if rendition.name in row.renditions]
    seconds = sum(duration for duration, *_ in made)
    if seconds <= 0:
        return rendition
    peak = max(size * 8 / duration for duration, size, *_ in made if duration > 0)
    average = sum(size for _, size, *_ in made) * 8 / seconds
    return replace(rendition, bandwidth=round(peak), average_bandwidth=round(average))
