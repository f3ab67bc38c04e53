"""Preview pictures of live broadcasts, drawn from a segment that is in storage already."""

import subprocess
import time

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from transcode import signals
from transcode.hls import names
from transcode.limits import PREVIEW_HEIGHT

PREVIEWS_KEPT = 3  # pages that are open still show the one before
DRAW_SECONDS = 10
MAX_SEGMENT_BYTES = 64 << 20


def make_preview(*, stream_id: str, init_path: str, segment_path: str) -> str:
    """Store a JPEG of the segment's first picture and send `preview_ready`. Raises FileNotFoundError until stored."""
    media = b"".join(_read(names.object_key(stream_id, path)) for path in (init_path, segment_path))
    path = f"{names.PREVIEWS_DIR}/{stream_id}/{int(time.time())}.jpg"
    if default_storage.exists(path):
        return path
    default_storage.save(path, ContentFile(draw_picture(media)))
    _drop_old(stream_id)
    signals.preview_ready.send(sender=None, stream_id=stream_id, path=path)
    return path


def _read(key: str) -> bytes:
    with default_storage.open(key) as file:
        return bytes(file.read(MAX_SEGMENT_BYTES))


def draw_picture(media: bytes) -> bytes:
    """The first picture of an initialization section and a segment, as JPEG."""
    argv = ["ffmpeg", "-v", "error", "-nostdin", "-protocol_whitelist", "pipe", "-f", "mp4", "-i", "pipe:0"]
    argv += ["-frames:v", "1", "-vf", f"scale=-2:'min({PREVIEW_HEIGHT},ih)'", "-q:v", "5", "-f", "mjpeg", "pipe:1"]
    return subprocess.run(argv, input=media, capture_output=True, check=True, timeout=DRAW_SECONDS).stdout


def _drop_old(stream_id: str) -> None:
    folder = f"{names.PREVIEWS_DIR}/{stream_id}"
    files = sorted(default_storage.listdir(folder)[1])
    for name in files[:-PREVIEWS_KEPT]:
        default_storage.delete(f"{folder}/{name}")
