"""Storyboards: small pictures of a broadcast, one every few seconds, tiled into sprites; while live and afterwards.

Made from the key frames of the smallest rendition in storage: a sprite of 25 costs one short FFmpeg that decodes 25
small pictures. A sprite's name carries how many pictures it has, so that none is used twice.
"""

import json
import logging
import subprocess
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from django.core.cache import cache
from django.core.files.storage import default_storage

from transcode.hls import names
from transcode.hls.multivariant import Rendition
from transcode.keyframes import key_frame_stream
from transcode.live_store import store_object
from transcode.models import LiveJob, Segment
from transcode.stored_media import read_init, read_segment

log = logging.getLogger(__name__)

TILE_WIDTH, TILE_HEIGHT = 160, 90
COLUMNS, ROWS = 5, 5
TILES = COLUMNS * ROWS
INTERVAL_SECONDS = 10
SPRITES_AT_ONCE = 4  # of one broadcast; what is left is made next time
LOCK_SECONDS = 60
DRAW_SECONDS = 20
MAX_PICTURE_BYTES = 8 << 20


@dataclass(frozen=True)
class Sprite:
    """One picture of pictures: `tiles` of them from `starts_at` (Unix time) on, row by row."""

    url: str
    starts_at: float
    tiles: int


def update_storyboard(*, stream_id: str) -> None:
    """Draw what is new. Safe to repeat; does nothing while another worker does it."""
    if not cache.add(f"storyboard:{stream_id}", 1, timeout=LOCK_SECONDS):
        return
    try:
        _update(stream_id, at_most=SPRITES_AT_ONCE)
    finally:
        cache.delete(f"storyboard:{stream_id}")


def finish_storyboard(*, stream_id: str) -> None:
    """Draw the rest of a finished broadcast and put the storyboard beside its recording. Safe to repeat."""
    while _update(stream_id, at_most=SPRITES_AT_ONCE):
        pass
    sprites = [Sprite(f"../{sprite.url}", sprite.starts_at, sprite.tiles) for sprite in _stored_sprites(stream_id)]
    if sprites:
        _store_index(stream_id, f"{names.RECORDING_DIR}/{names.STORYBOARD}", sprites)


def _update(stream_id: str, *, at_most: int) -> bool:
    """Make up to `at_most` sprites; True when there is more to do."""
    rows = Segment.objects.of(stream_id)
    first, last = rows.first(), rows.last()
    job = LiveJob.objects.filter(stream_id=stream_id).first()
    if first is None or last is None or job is None:
        return False
    begins = first.starts_at.timestamp()
    slots = int((last.starts_at.timestamp() - begins) / INTERVAL_SECONDS) + 1
    before = _stored_sprites(stream_id)
    sprites = [sprite for sprite in before if sprite.tiles == TILES]
    heights = {entry.name: entry.height for entry in map(Rendition.from_json, job.renditions) if not entry.is_audio}
    drawable = True
    for number in range(len(sprites), min(-(-slots // TILES), len(sprites) + at_most)):
        sprite = _sprite(number, begins, min(slots - number * TILES, TILES))
        if sprite not in before:
            pictures = _pictures(stream_id, heights, sprite)
            drawable = bool(pictures)
            if not drawable:  # sound alone
                break
            store_object(stream_id, sprite.url, _draw(pictures))
        sprites.append(sprite)
    if sprites != before:
        _store_index(stream_id, names.STORYBOARD, sprites)
        _drop_replaced(stream_id, {sprite.url for sprite in [*before, *sprites]})
    return drawable and len(sprites) * TILES < slots


def _sprite(number: int, begins: float, tiles: int) -> Sprite:
    starts_at = round(begins + number * TILES * INTERVAL_SECONDS, 3)
    return Sprite(f"{names.STORYBOARD_DIR}/{number}-{tiles}.jpg", starts_at, tiles)


def _pictures(stream_id: str, heights: dict[str, int], sprite: Sprite) -> list[tuple[bytes, bytes]]:
    """Initialization section and first bytes of the segment on air at each tile's time."""
    begin = datetime.fromtimestamp(sprite.starts_at, UTC)
    end = datetime.fromtimestamp(sprite.starts_at + sprite.tiles * INTERVAL_SECONDS, UTC)
    rows = Segment.objects.of(stream_id)
    earlier = rows.filter(starts_at__lte=begin).last()
    known = [*([earlier] if earlier else []), *rows.filter(starts_at__gt=begin, starts_at__lt=end)]
    known = [row for row in known if _smallest(row, heights)]
    starts = [row.starts_at.timestamp() for row in known]
    found = []
    for tile in range(sprite.tiles if known else 0):
        row = known[max(bisect_right(starts, sprite.starts_at + tile * INTERVAL_SECONDS + 0.001) - 1, 0)]
        name = _smallest(row, heights)
        head = min(row.as_window_segment(name).key_bytes, MAX_PICTURE_BYTES)
        found.append((read_init(stream_id, name, row.epoch), read_segment(name, row, size=head)))
    return found


def _smallest(row: Segment, heights: dict[str, int]) -> str:
    """The smallest rendition that has a key frame in this segment; empty when none has."""
    names_there = [name for name in row.renditions if name in heights and row.as_window_segment(name).key_bytes]
    return min(names_there, key=lambda name: heights[name], default="")


def _draw(pictures: Sequence[tuple[bytes, bytes]]) -> bytes:
    size = f"{TILE_WIDTH}:{TILE_HEIGHT}"
    tiled = (
        f"scale={size}:force_original_aspect_ratio=decrease,pad={size}:(ow-iw)/2:(oh-ih)/2,setsar=1,"
        f"tile={COLUMNS}x{ROWS}"
    )
    argv = ["nice", "-n", "19", "ffmpeg", "-v", "error", "-nostdin", "-protocol_whitelist", "pipe", "-threads", "1"]
    argv += ["-f", "h264", "-framerate", "1", "-i", "pipe:0", "-vf", tiled, "-frames:v", "1", "-q:v", "5"]
    argv += ["-f", "mjpeg", "pipe:1"]
    media = key_frame_stream(pictures)
    return subprocess.run(argv, input=media, capture_output=True, check=True, timeout=DRAW_SECONDS).stdout


def _stored_sprites(stream_id: str) -> list[Sprite]:
    try:
        with default_storage.open(names.object_key(stream_id, names.STORYBOARD)) as file:
            stored: dict[str, Any] = json.loads(file.read())
    except FileNotFoundError:
        return []
    return [Sprite(**sprite) for sprite in stored["sprites"]]


def _store_index(stream_id: str, path: str, sprites: Sequence[Sprite]) -> None:
    index = {
        "tile_width": TILE_WIDTH,
        "tile_height": TILE_HEIGHT,
        "columns": COLUMNS,
        "rows": ROWS,
        "interval_seconds": INTERVAL_SECONDS,
        "sprites": [asdict(sprite) for sprite in sprites],
    }
    store_object(stream_id, path, json.dumps(index, separators=(",", ":")).encode())


def _drop_replaced(stream_id: str, kept: set[str]) -> None:
    """Delete what neither the index names nor the one before it, which some players still have."""
    folder = names.object_key(stream_id, names.STORYBOARD_DIR)
    for name in default_storage.listdir(folder)[1]:
        if f"{names.STORYBOARD_DIR}/{name}" not in kept:
            default_storage.delete(f"{folder}/{name}")
