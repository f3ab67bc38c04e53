"""A broadcast's media as it lies in storage, for whoever plays, cuts, draws or copies it: file by file as it was live,
or as pieces of one archive for each rendition."""

import json
from functools import lru_cache
from typing import TYPE_CHECKING

from django.core.files.storage import default_storage

from transcode.hls import names
from transcode.hls.archive import ByteRange
from transcode.object_store import read_range

if TYPE_CHECKING:
    from transcode.models import Segment

INDEXES_KEPT = 32


def read_init(stream_id: str, rendition: str, epoch: int) -> bytes:
    """The Media Initialization Section of one run. Raises FileNotFoundError."""
    return read_file(stream_id, f"{rendition}/{names.init_name(epoch)}")


def read_segment(rendition: str, segment: "Segment", *, size: int = -1) -> bytes:
    """A segment in one rendition, or its first `size` bytes. Raises FileNotFoundError, also where it has a gap."""
    path = f"{rendition}/{names.segment_name(segment.epoch, segment.sequence)}"
    return read_file(segment.stream_id, path, size=size)


def read_file(stream_id: str, path: str, *, size: int = -1) -> bytes:
    """A file of a broadcast by the name it had while live. Raises FileNotFoundError."""
    try:
        with default_storage.open(names.object_key(stream_id, path)) as file:
            return bytes(file.read(size))
    except FileNotFoundError:
        rendition, _, name = path.partition("/")
        place = _archived(stream_id).get(rendition, {}).get(name)
        if place is None:
            raise
    key = names.object_key(stream_id, f"{rendition}/{names.ARCHIVE}")
    return read_range(key, place.at, place.size if size < 0 else min(size, place.size))


@lru_cache(INDEXES_KEPT)
def _archived(stream_id: str) -> dict[str, dict[str, ByteRange]]:
    """Where the files went that were live. Once it is there it stays as it is. Raises FileNotFoundError."""
    with default_storage.open(names.object_key(stream_id, names.ARCHIVE_INDEX)) as file:
        known = json.loads(file.read())
    return {rendition: {name: ByteRange(*place) for name, place in files.items()} for rendition, files in known.items()}
