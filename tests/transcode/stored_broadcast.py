"""A finished broadcast in storage: two runs of real pictures in two sizes, with a gap."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from urllib.parse import urljoin
from xml.etree import ElementTree as ET

from django.core.files.storage import default_storage

from tests.conformance.playlist_reader import read
from tests.transcode.encodes import ffmpeg
from transcode import fmp4
from transcode.hls import names
from transcode.hls.multivariant import Rendition
from transcode.live_store import store_object
from transcode.models import LiveJob, Segment
from transcode.object_store import list_names

STREAM = "0123456789abcdef01234567"
SECONDS = 2
BEGIN = 1_795_159_800  # Unix time
RUNS = {1: range(5), 2: range(8, 12)}  # numbers of each epoch; the encoder was away for three
GAP = 3  # in the small rendition
SIZES = {"source": (64, 36), "18p": (32, 18)}
MPD = "{urn:mpeg:dash:schema:mpd:2011}"


@dataclass(frozen=True)
class Made:
    """One run of one rendition."""

    init: bytes
    bodies: list[bytes]


@cache
def run(rendition: str, epoch: int) -> Made:
    """Ten pictures a segment, the first a key frame; the second run is wider."""
    width, height = SIZES[rendition]
    picture = f"testsrc2=s={width * epoch}x{height}:r=5:d={SECONDS * len(RUNS[epoch])}"
    argv = ["-f", "lavfi", "-i", picture, "-c:v", "libx264", "-g", "10", "-bf", "0", "-pix_fmt", "yuv420p"]
    argv += ["-f", "mp4", "-movflags", "frag_keyframe+empty_moov+default_base_moof", "pipe:1"]
    made = ffmpeg(*argv)
    starts = [box.offset for box in fmp4.walk_boxes(made) if box.path == "moof"]
    ends = [*starts[1:], made.rindex(b"mfra") - 4]
    return Made(made[: starts[0]], [made[start:end] for start, end in zip(starts, ends, strict=True)])


def has_gap(rendition: str, msn: int) -> bool:
    return rendition == "18p" and msn == GAP


def store_broadcast(stream_id: str = STREAM) -> LiveJob:
    """As a live worker leaves it."""
    known = [Rendition(name, "avc1.64000a", 9, 9, *size, 5.0).to_json() for name, size in SIZES.items()]
    job = LiveJob.objects.create(stream_id=stream_id, renditions=known, wanted=False)
    begin = datetime.fromtimestamp(BEGIN, UTC)
    LiveJob.objects.filter(pk=job.pk).update(created_at=begin, finished_at=begin + timedelta(minutes=1))
    job.refresh_from_db()
    for epoch, numbers in RUNS.items():
        for at, msn in enumerate(numbers):
            facts = {}
            for name in SIZES:
                body = run(name, epoch).bodies[at]
                if not has_gap(name, msn):
                    store_object(stream_id, f"{name}/{names.segment_name(epoch, msn)}", body)
                    facts[name] = [float(SECONDS), len(body), len(body) // 2, 0.0]
            Segment.objects.create(
                stream_id=stream_id,
                sequence=msn,
                epoch=epoch,
                starts_at=datetime.fromtimestamp(BEGIN + SECONDS * msn, UTC),
                discontinuity=msn == RUNS[2].start,
                renditions=facts,
            )
        for name in SIZES:
            store_object(stream_id, f"{name}/{names.init_name(epoch)}", run(name, epoch).init)
    return job


def expected(rendition: str) -> dict[int, bytes]:
    """What plays: per epoch its initialization section and its segments, end to end."""
    return {
        epoch: run(rendition, epoch).init
        + b"".join(run(rendition, epoch).bodies[at] for at, msn in enumerate(numbers) if not has_gap(rendition, msn))
        for epoch, numbers in RUNS.items()
    }


def stored(path: str, piece: tuple[int, int] | None = None, *, stream_id: str = STREAM) -> bytes:
    """A stored file, or `size, offset` of it; the whole piece must be there."""
    with default_storage.open(f"broadcasts/{stream_id}/{path}") as file:
        body = bytes(file.read())
    if piece is None:
        return body
    size, at = piece
    assert len(body) >= at + size
    return body[at : at + size]


def played(rendition: str, *, stream_id: str = STREAM) -> dict[int, bytes]:
    """What a player of the recording's playlist gets, by run counted from 1."""
    path = f"vod/{rendition}/{names.MEDIA_PLAYLIST}"
    found: dict[int, bytes] = {}
    section = None
    for segment in read(stored(path, stream_id=stream_id).decode()).segments:
        if segment.gap:
            continue
        if (segment.map_uri, segment.map_range) != section:
            section = segment.map_uri, segment.map_range
            found[len(found) + 1] = stored(urljoin(path, segment.map_uri), segment.map_range, stream_id=stream_id)
        found[len(found)] += stored(urljoin(path, segment.uri), segment.byte_range, stream_id=stream_id)
    return found


def played_as_dash(rendition: str) -> Iterator[bytes]:
    """What a player of the recording's DASH manifest gets: initialization section and segments, one by one."""
    root = ET.fromstring(stored(f"vod/{names.DASH_MANIFEST}").decode())  # noqa: S314  our own text
    before = None  # a gap begins a Period of the same run
    for representation in root.iter(f"{MPD}Representation"):
        if representation.get("id") == rendition:
            base, pieces = representation.find(f"{MPD}BaseURL"), representation.find(f"{MPD}SegmentList")
            assert base is not None and base.text and pieces is not None
            section = pieces[0].get("range")
            ranges = [one.get("mediaRange") for one in pieces]
            for piece in filter(None, [*([section] if section != before else []), *ranges]):
                first, _, last = piece.partition("-")
                yield stored(urljoin("vod/", base.text), (int(last) - int(first) + 1, int(first)))
            before = section


def files(rendition: str, *, stream_id: str = STREAM) -> list[str]:
    """What storage has of a rendition."""
    return sorted(list_names(f"broadcasts/{stream_id}/{rendition}"))
