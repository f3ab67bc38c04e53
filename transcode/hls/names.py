"""Every media file name and URL path, in one place.

Names are never used twice: they carry the epoch (run) of the pipeline, so caches may keep them for ever and a
paused zombie of an older run cannot overwrite a newer one.
"""

BROADCASTS_DIR = "broadcasts"
PREVIEWS_DIR = "previews"
MULTIVARIANT = "index.m3u8"
MEDIA_PLAYLIST = "index.m3u8"
IFRAME_PLAYLIST = "iframes.m3u8"
DASH_MANIFEST = "manifest.mpd"
STORYBOARD = "storyboard.json"
STORYBOARD_DIR = "storyboard"
RECORDING_DIR = "vod"
ARCHIVE = "archive.mp4"  # all of one rendition of a finished recording
ARCHIVE_INDEX = "vod/archive.json"  # where in the archives the files went that were live
DOWNLOAD_DIR = "download"
DVR_DIR = "dvr"
DVR_MULTIVARIANT = f"{DVR_DIR}/{MULTIVARIANT}"
CLIP = "clip.mp4"
CLIP_POSTER = "poster.jpg"


def init_name(epoch: int) -> str:
    """The Media Initialization Section of one run."""
    return f"{epoch}.init.mp4"


def segment_name(epoch: int, msn: int) -> str:
    """A whole Media Segment; `msn` is its Media Sequence Number."""
    return f"{epoch}-{msn}.m4s"


def segment_template(epoch: int) -> str:
    """`segment_name` of all segments of a run, as DASH writes it (ISO/IEC 23009-1 §5.3.9.4.4)."""
    return f"{epoch}-$Number$.m4s"


def part_name(epoch: int, msn: int, part: int) -> str:
    """A Partial Segment, counted from 0 within its parent."""
    return f"{epoch}-{msn}.{part}.m4s"


def is_part(name: str) -> bool:
    """Whether this is a Partial Segment's name."""
    return name.endswith(".m4s") and name.count(".") == 2


def object_key(stream_id: str, path: str) -> str:
    """Where a broadcast's file lies in object storage."""
    return f"{BROADCASTS_DIR}/{stream_id}/{path}"


def clip_key(clip_id: str, name: str) -> str:
    """Where a clip's file lies in object storage: beside the broadcasts, since it outlives them."""
    return f"clips/{clip_id}/{name}"


def url(token: str, stream_id: str, path: str) -> str:
    """URL path of a broadcast's file, or of a clip's."""
    return f"/media/{token}/{stream_id}/{path}"
