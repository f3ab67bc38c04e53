"""A finished broadcast as something to watch again: playlists over the segments that were live, or over the archives
they became pieces of."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace

from celery import current_app
from django.conf import settings
from kombu.exceptions import OperationalError

from transcode import dash
from transcode.dash import Tracks
from transcode.hls import names, playlist
from transcode.hls.archive import Archive, lay_out
from transcode.hls.multivariant import Rendition, render_multivariant
from transcode.hls.playlist import PlaylistForm
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
    job = LiveJob.objects.filter(stream_id=stream_id).first()
    rows = list(Segment.objects.of(stream_id))
    if job is None or not rows or not job.renditions:
        return Recording(0.0, [])
    render_recording(job, rows)
    _ask_for_storyboard(stream_id)
    return Recording(sum(row.duration for row in rows), rendition_names(job))


def rendition_names(job: LiveJob) -> list[str]:
    """Those the recording has, as its multivariant playlist lists them."""
    return [Rendition.from_json(entry).name for entry in job.renditions]


def tracks_of(job: LiveJob, rows: Sequence[Segment]) -> Tracks:
    """The recording's segments, gaps among them, by rendition."""
    return {name: with_known_maps(row.as_window_segment(name) for row in rows) for name in rendition_names(job)}


def archives_of(job: LiveJob, tracks: Tracks) -> dict[str, Archive]:
    """Where the segments of each rendition lie in its one file; {} before they do."""
    return {
        name: lay_out(tracks[name], {int(epoch): size for epoch, size in init_sizes.items()})
        for name, init_sizes in (job.archive or {}).items()
    }


def render_recording(job: LiveJob, rows: Sequence[Segment]) -> None:
    """Write all playlists; each replaces the one before it whole, and any mixture of old and new ones plays."""
    for path, text in playlists_of(job, rows).items():
        store_object(job.stream_id, path, text.encode())


def playlists_of(job: LiveJob, rows: Sequence[Segment]) -> dict[str, str]:
    """Every playlist of the recording by its path within the broadcast."""
    tracks = tracks_of(job, rows)
    archives = archives_of(job, tracks)
    target = settings.TARGET_DURATION_SECONDS
    known = [Rendition.from_json(entry) for entry in job.renditions]
    renditions = [measured(rendition, tracks[rendition.name], target_duration=target) for rendition in known]
    files = {}
    for rendition in renditions:
        form = PlaylistForm(f"../../{rendition.name}/", archive=archives.get(rendition.name))
        for name, iframes in ((names.MEDIA_PLAYLIST, False), (names.IFRAME_PLAYLIST, True)):
            if not iframes or rendition.iframe_bandwidth:
                files[f"{rendition.name}/{name}"] = playlist.render_recording(
                    tracks[rendition.name], replace(form, iframes=iframes), target_duration=target
                )
    files[names.MULTIVARIANT] = render_multivariant(renditions)
    show = dash.Presentation(renditions, tracks, timeline_anchor(job), target, prefix="../", archives=archives)
    files[names.DASH_MANIFEST] = dash.render_recording(show)
    return {f"{names.RECORDING_DIR}/{path}": text for path, text in files.items()}


def _ask_for_storyboard(stream_id: str) -> None:
    """By name, since the task module imports the supervisor."""
    try:
        current_app.send_task("transcode.tasks.finish_storyboard", args=[stream_id], countdown=1, retry=False)
    except (OperationalError, OSError):
        log.info("no storyboard of the recording %s: the broker does not answer", stream_id)
