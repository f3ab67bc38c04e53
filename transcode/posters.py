"""The picture that stands for a recording, when its owner chooses one."""

import time
from datetime import UTC, datetime

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from transcode.clips import time_at
from transcode.downloads import best_rendition
from transcode.errors import NotRecorded
from transcode.hls import names
from transcode.models import Segment
from transcode.previews import draw_picture
from transcode.stored_media import read_init, read_segment


def draw_poster(*, stream_id: str, seconds: float) -> str:
    """Store the key frame at or before a second of the recording; returns its path. Raises NotRecorded,
    FileNotFoundError, or SubprocessError when it cannot be decoded."""
    rendition = best_rendition(stream_id)
    at = datetime.fromtimestamp(time_at(stream_id=stream_id, offset=seconds), UTC)
    rows = [row for row in Segment.objects.of(stream_id).filter(starts_at__lte=at).reverse()[:10]]
    row = next((row for row in rows if rendition in row.renditions), None)
    if row is None:
        raise NotRecorded("No picture of this moment is stored.")
    media = read_init(stream_id, rendition, row.epoch) + read_segment(rendition, row)
    return store_poster(stream_id=stream_id, picture=draw_picture(media))


def store_poster(*, stream_id: str, picture: bytes) -> str:
    """Keep a JPEG beside the broadcast's own pictures, under a name that was never used; returns its path."""
    path = f"{names.PREVIEWS_DIR}/{stream_id}/{time.time_ns() // 10**6}.jpg"
    default_storage.save(path, ContentFile(picture))
    return path
