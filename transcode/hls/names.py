"""Every media file name and URL path, in one place.

Names are never used twice: they carry the epoch (run) of the pipeline, so caches may keep them for ever and a
paused zombie of an older run cannot overwrite a newer one.
"""

MULTIVARIANT = "index.m3u8"
MEDIA_PLAYLIST = "index.m3u8"
IFRAME_PLAYLIST = "iframes.m3u8"
RECORDING_DIR = "vod"
DVR_DIR = "dvr"


def init_name(epoch: int) -> str:
    """The Media Initialization Section of one run."""
    return f"{epoch}.init.mp4"


def segment_name(epoch: int, msn: int) -> str:
    """A whole Media Segment; `msn` is its Media Sequence Number."""
    return f"{epoch}-{msn}.m4s"


def part_name(epoch: int, msn: int, part: int) -> str:
    """A Partial Segment, counted from 0 within its parent."""
    return f"{epoch}-{msn}.{part}.m4s"


def is_part(name: str) -> bool:
    """Whether this is a Partial Segment's name."""
    return name.endswith(".m4s") and name.count(".") == 2


def object_key(stream_id: str, path: str) -> str:
    """Where a broadcast's file lies in object storage."""
    return f"broadcasts/{stream_id}/{path}"


def live_url(token: str, stream_id: str) -> str:
    """URL path of the live multivariant playlist."""
    return f"/media/{token}/{stream_id}/{MULTIVARIANT}"


def dvr_url(token: str, stream_id: str) -> str:
    """URL path of the multivariant playlist of all that viewers may rewind to."""
    return f"/media/{token}/{stream_id}/{DVR_DIR}/{MULTIVARIANT}"


def recording_url(token: str, stream_id: str) -> str:
    """URL path of the recording's multivariant playlist."""
    return f"/media/{token}/{stream_id}/{RECORDING_DIR}/{MULTIVARIANT}"
