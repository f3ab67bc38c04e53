"""A broadcast's media as it lies in storage, for whoever cuts, draws or copies it."""

from django.core.files.storage import default_storage

from transcode.hls import names
from transcode.models import Segment


def read_init(stream_id: str, rendition: str, epoch: int) -> bytes:
    """The Media Initialization Section of one run. Raises FileNotFoundError."""
    return _read(stream_id, f"{rendition}/{names.init_name(epoch)}")


def read_segment(rendition: str, segment: Segment, *, size: int = -1) -> bytes:
    """A segment in one rendition, or its first `size` bytes. Raises FileNotFoundError, also where it has a gap."""
    return _read(segment.stream_id, f"{rendition}/{names.segment_name(segment.epoch, segment.sequence)}", size)


def _read(stream_id: str, path: str, size: int = -1) -> bytes:
    with default_storage.open(names.object_key(stream_id, path)) as file:
        return bytes(file.read(size))
