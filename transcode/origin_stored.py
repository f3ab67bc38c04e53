"""What the origin says of files in storage: recordings, their pictures, downloads, clips, and what was live once.

nginx sends what lies on its own disk; only the rest is asked for here. Small files are read whole; of those that may be
large, one piece at a time, so that a request holds no more than that.
"""

import re
from dataclasses import replace

from asgiref.sync import sync_to_async
from django.core.files.storage import default_storage

from transcode.hls import names
from transcode.http_answer import DASH_TYPE, FOREVER_SECONDS, PLAYLIST_TYPE, SEGMENT_TYPE, Answer
from transcode.object_store import read_range, size_of
from transcode.stored_media import read_file

MAX_RANGE_BYTES = 4 << 20
STORED_LIFE = 60
PREVIEW_LIFE = 10
_SMALL = re.compile(  # what is neither live nor a segment
    r"vod/(?:index\.m3u8|[a-z0-9]{1,16}/(?:index|iframes)\.m3u8|manifest\.mpd|storyboard\.json)"
    r"|storyboard\.json|storyboard/[0-9-]{1,30}\.jpg|poster\.jpg"
)
_LARGE = re.compile(r"[a-z0-9]{1,16}/archive\.mp4|download/[a-z0-9]{1,16}\.mp4|clip\.mp4")
_RANGE = re.compile(rb"bytes=([0-9]{1,15})-([0-9]{1,15})")
_TYPES = {
    "m3u8": PLAYLIST_TYPE,
    "mpd": DASH_TYPE,
    "json": b"application/json",
    "jpg": b"image/jpeg",
    "mp4": SEGMENT_TYPE,
    "m4s": SEGMENT_TYPE,
}
_LIFE = {names.STORYBOARD: 5, names.CLIP_POSTER: FOREVER_SECONDS}  # a storyboard grows while live

NOT_FOUND = Answer(404, b"There is no such media.")
NO_RANGE = Answer(416, b"Ask for a range of at most 4 MiB of this file.", max_age=None)


def is_stored(path: str) -> bool:
    """Whether this can only be in storage, whatever is live."""
    return _SMALL.fullmatch(path) is not None or is_large(path)


def is_large(path: str) -> bool:
    """Whether it is given in pieces."""
    return _LARGE.fullmatch(path) is not None


async def stored(stream_id: str, path: str) -> Answer:
    """A small file, or a segment, also one that has become a piece of an archive."""
    try:
        body = await sync_to_async(_read, thread_sensitive=False)(stream_id, path)
    except FileNotFoundError:
        return NOT_FOUND
    life = _LIFE.get(path, STORED_LIFE) if _SMALL.fullmatch(path) else FOREVER_SECONDS
    return Answer(200, body, _TYPES[path.rpartition(".")[2]], max_age=life)


async def preview(key: str) -> Answer:
    """A picture that everybody may see."""
    try:
        body = await sync_to_async(_read_whole, thread_sensitive=False)(key)
    except FileNotFoundError:
        return NOT_FOUND
    return Answer(200, body, _TYPES["jpg"], max_age=PREVIEW_LIFE)


async def piece(stream_id: str, path: str, wanted: bytes) -> Answer:
    """Of a large file; the edge asks for one at a time where it has no storage of its own (RFC 9110 §14)."""
    found = _RANGE.fullmatch(wanted)
    first, last = (int(found[1]), int(found[2])) if found else (0, -1)
    if not 0 < last - first + 1 <= MAX_RANGE_BYTES:
        return NO_RANGE
    try:
        body, whole = await sync_to_async(_read_piece, thread_sensitive=False)(
            _key(stream_id, path), first, last - first + 1
        )
    except FileNotFoundError:
        return NOT_FOUND
    if not body:
        return replace(NO_RANGE, headers=((b"Content-Range", b"bytes */%d" % whole),))
    place = (b"Content-Range", b"bytes %d-%d/%d" % (first, first + len(body) - 1, whole))
    return Answer(206, body, SEGMENT_TYPE, max_age=FOREVER_SECONDS, headers=(place,))


def _key(stream_id: str, path: str) -> str:
    """A clip's files have a place of their own, and the address of a broadcast's."""
    is_clip = path in {names.CLIP, names.CLIP_POSTER}
    return names.clip_key(stream_id, path) if is_clip else names.object_key(stream_id, path)


def _read(stream_id: str, path: str) -> bytes:
    return _read_whole(_key(stream_id, path)) if path == names.CLIP_POSTER else read_file(stream_id, path)


def _read_whole(key: str) -> bytes:
    with default_storage.open(key) as file:
        return bytes(file.read())


def _read_piece(key: str, at: int, size: int) -> tuple[bytes, int]:
    whole = size_of(key)
    return (read_range(key, at, size) if at < whole else b""), whole
