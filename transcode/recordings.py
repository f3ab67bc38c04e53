"""A finished broadcast as something to watch again: playlists over the segments that were live."""

import logging
from dataclasses import dataclass, replace

from celery import current_app
from django.conf import settings
from kombu.exceptions import OperationalError

from transcode import dash
from transcode.hls import names
from transcode.hls.multivariant import Rendition, render_multivariant
from transcode.hls.playlist import PlaylistForm, render_recording
from transcode.hls.window import with_known_maps
from transcode.live_store import store_object
from transcode.models import LiveJob, Segment
from transcode.renditions import measured
from transcode.segment_index import timeline_anchor

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Recording:
    """A broadcast as it can be watched again."""

    duration_seconds: float
    renditions: list[str]


def write_recording(*, stream_id: str) -> Recording:
    """Render the recording's playlists from the segment index into storage. Safe to repeat."""
    rows = list(Segment.objects.of(stream_id))
    job = LiveJob.objects.filter(stream_id=stream_id).first()
    known = [Rendition.from_json(entry) for entry in job.renditions] if job else []
    if job is None or not rows or not known:
        return Recording(0.0, [])
    tracks = {
        rendition.name: with_known_maps(row.as_window_segment(rendition.name) for row in rows) for rendition in known
    }
    target = settings.TARGET_DURATION_SECONDS
    renditions = [measured(rendition, tracks[rendition.name], target_duration=target) for rendition in known]
    files = {names.MULTIVARIANT: render_multivariant(renditions)}
    for rendition in renditions:
        form = PlaylistForm(f"../../{rendition.name}/")
        segments = tracks[rendition.name]
        files[f"{rendition.name}/{names.MEDIA_PLAYLIST}"] = render_recording(segments, form, target_duration=target)
        if rendition.iframe_bandwidth:
            files[f"{rendition.name}/{names.IFRAME_PLAYLIST}"] = render_recording(
                segments, replace(form, iframes=True), target_duration=target
            )
    show = dash.Presentation(renditions, tracks, timeline_anchor(job), target, prefix="../")
    files[names.DASH_MANIFEST] = dash.render_recording(show)
    for path, text in files.items():
        store_object(stream_id, f"{names.RECORDING_DIR}/{path}", text.encode())
    _ask_for_storyboard(stream_id)
    return Recording(sum(row.duration for row in rows), [rendition.name for rendition in renditions])


def _ask_for_storyboard(stream_id: str) -> None:
    """By name, since the task module imports the supervisor."""
    try:
        current_app.send_task("transcode.tasks.finish_storyboard", args=[stream_id], countdown=1, retry=False)
    except (OperationalError, OSError):
        log.info("no storyboard of the recording %s: the broker does not answer", stream_id)
