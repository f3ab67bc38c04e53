"""Finished broadcasts in storage and in the database, of bytes that nobody decodes: for benches of what happens to them
afterwards. Imported inside a stack's environment only."""

import hashlib
import os
import random
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from urllib.parse import urljoin

import django
import m3u8

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.core.files.storage import default_storage  # noqa: E402
from django.utils import timezone  # noqa: E402

from transcode.hls import names  # noqa: E402
from transcode.hls.multivariant import Rendition  # noqa: E402
from transcode.live_store import store_object  # noqa: E402
from transcode.models import LiveJob, Segment, StorageTier  # noqa: E402
from transcode.object_store import read_range, storage_of  # noqa: E402
from transcode.recordings import write_recording  # noqa: E402

SEGMENT_SECONDS = 2
INIT_BYTES = 700
BEGIN = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
# Bits per second of a usual ladder and its sound: 1080p passed through, and three encoded.
LADDER = {"source": 6_000_000, "720p": 3_000_000, "480p": 1_400_000, "audio": 160_000}


def store_broadcast(stream_id: str, *, seconds: int, ladder: Mapping[str, int] = LADDER, seed: int = 1) -> int:
    """Put a broadcast into storage as a live worker leaves it; returns its bytes."""
    chance = random.Random(seed)
    pool = chance.randbytes(16 << 20)
    known = [
        Rendition(name, "mp4a.40.2", rate, rate, channels=2).to_json()
        if name == "audio"
        else Rendition(name, "avc1.64001f", rate, rate, 1280, 720, 30.0, iframe_bandwidth=rate // 10).to_json()
        for name, rate in ladder.items()
    ]
    LiveJob.objects.create(
        stream_id=stream_id, renditions=known, wanted=False, finished_at=timezone.now() - timedelta(hours=1)
    )
    LiveJob.objects.filter(stream_id=stream_id).update(created_at=BEGIN)
    rows, total = [], 0
    for msn in range(seconds // SEGMENT_SECONDS):
        facts = {}
        for name, rate in ladder.items():
            size = int(rate * SEGMENT_SECONDS / 8 * chance.uniform(0.8, 1.2))
            at = chance.randrange(len(pool) - size)
            store_object(stream_id, f"{name}/{names.segment_name(1, msn)}", pool[at : at + size])
            facts[name] = [float(SEGMENT_SECONDS), size, 0 if name == "audio" else size // 5, 0.0]
            total += size
        starts_at = BEGIN + timedelta(seconds=SEGMENT_SECONDS * msn)
        rows.append(Segment(stream_id=stream_id, sequence=msn, epoch=1, starts_at=starts_at, renditions=facts))
    Segment.objects.bulk_create(rows)
    for name in ladder:
        store_object(stream_id, f"{name}/{names.init_name(1)}", chance.randbytes(INIT_BYTES))
    write_recording(stream_id=stream_id)
    return total


def played(stream_id: str, name: str) -> str:
    """SHA-256 of what a player of one rendition's playlist gets; of a cold one what it would get once it is back.

    Raises FileNotFoundError when it would get a 404.
    """
    path = f"{names.RECORDING_DIR}/{name}/{names.MEDIA_PLAYLIST}"
    with default_storage.open(names.object_key(stream_id, path)) as file:
        playlist = m3u8.loads(file.read().decode())
    found = hashlib.sha256()
    for piece in _pieces(playlist):
        found.update(_fetch(stream_id, urljoin(path, piece[0]), piece[1]))
    return found.hexdigest()


def _pieces(playlist: m3u8.M3U8) -> Iterator[tuple[str, str | None]]:
    section = playlist.segments[0].init_section
    yield section.uri, section.byterange
    for segment in playlist.segments:
        yield segment.uri, segment.byterange


def _fetch(stream_id: str, path: str, byte_range: str | None) -> bytes:
    key = names.object_key(stream_id, path)
    if byte_range is None:
        with default_storage.open(key) as file:
            return bytes(file.read())
    size, _, at = byte_range.partition("@")
    cold = LiveJob.objects.filter(stream_id=stream_id, storage_tier=StorageTier.COLD).exists()
    read = storage_of(StorageTier.COLD.value).read_range if cold else read_range
    body = read(key, int(at), int(size))
    if len(body) != int(size):
        raise FileNotFoundError(f"{key} has {len(body)} of {size} bytes at {at}")
    return body
