"""Writes CMAF: an initialisation segment per track and fragments of one moof and one mdat.

Sources: ISO/IEC 14496-12 (boxes, cited as 12:), 14496-14 and -15 (sample entries), 23000-19 (CMAF), RFC 8216bis 3.1.2.
"""

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from transcode.aac import AacConfig
from transcode.bits import ByteLike
from transcode.errors import BoxError
from transcode.h264 import AvcConfig

TRACK_ID = 1  # CMAF 7.3.1: one track per file
MAX_BOX_DEPTH = 8  # `walk_boxes` looks no deeper; moov/trak/mdia/minf/stbl/stsd/avc1/avcC is the deepest real box

INDEX_TIMESCALE = 90_000
MOST_INDEXED = 0xFFFF  # `reference_count` has 16 bits: 36 hours of two seconds each; what comes later is not in it
_STARTS_WITH_KEY_FRAME = 0x9000_0000  # starts_with_SAP, SAP_type 1

_UNITY_MATRIX = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
_UNDETERMINED_LANGUAGE = 0x55C4  # "und", 12:8.4.2
_DEFAULT_BASE_IS_MOOF, _DEFAULT_DURATION, _DEFAULT_FLAGS = 0x20000, 0x8, 0x20  # tfhd, 12:8.8.7
_DATA_OFFSET, _DURATIONS, _SIZES, _FLAGS, _COMPOSITION = 0x1, 0x100, 0x200, 0x400, 0x800  # trun, 12:8.8.8
_SYNC_SAMPLE = 0x0200_0000  # sample_depends_on = 2: on no other, 12:8.8.3
_DEPENDENT_SAMPLE = 0x0101_0000  # sample_depends_on = 1, sample_is_non_sync_sample
_MAX_SAMPLE_RATE_FIELD = 0xFFFF  # 16.16 fixed point; above it the field is 0 and the timescale tells
# Boxes with boxes inside, and how many bytes of fields come before those.
_CONTAINERS = {
    b"moov": 0, b"trak": 0, b"mdia": 0, b"minf": 0, b"dinf": 0, b"stbl": 0, b"mvex": 0, b"moof": 0, b"traf": 0,
    b"edts": 0, b"dref": 8, b"stsd": 8, b"avc1": 78, b"mp4a": 28,
}  # fmt: skip


class Sample(NamedTuple):
    """One coded picture or audio frame: times in ticks of the track's timescale, size in bytes.

    `composition_offset` is signed: presentation minus decode time.
    """

    duration: int
    size: int
    is_sync: bool
    composition_offset: int


class IndexedSegment(NamedTuple):
    """A segment as an index has it: bytes and seconds."""

    size: int
    duration: float


@dataclass(frozen=True, slots=True)
class Box:
    """A box found by `walk_boxes`. `path` is like "moov/trak/tkhd"; `offset` counts from the first byte walked."""

    path: str
    offset: int
    payload: memoryview


def video_init(config: AvcConfig, timescale: int) -> bytes:
    """The initialisation segment of an H.264 track, with its parameter sets out of band (avc1)."""
    media_header = _full_box(b"vmhd", 0, 1, bytes(8))
    spacing = _box(b"pasp", struct.pack(">II", *config.sar))
    entry = _box(
        b"avc1",
        struct.pack(">6xH16xHHIII", 1, config.width, config.height, 0x480000, 0x480000, 0),
        struct.pack(">H32xHh", 1, 0x18, -1),
        _box(b"avcC", config.avcc),
        spacing,
    )
    sar_width, sar_height = config.sar
    display_width = config.width * sar_width * 0x10000 // sar_height
    track_header = _track_header(volume=0, width=min(display_width, 0xFFFF_FFFF), height=config.height << 16)
    return _init(timescale, track_header, b"vide", media_header, entry)


def audio_init(config: AacConfig, timescale: int) -> bytes:
    """The initialisation segment of an AAC track."""
    media_header = _full_box(b"smhd", 0, 0, bytes(4))
    rate = config.sample_rate if config.sample_rate <= _MAX_SAMPLE_RATE_FIELD else 0
    fields = struct.pack(">6xH8xHH4xI", 1, config.channels, 16, rate << 16)
    entry = _box(b"mp4a", fields, _elementary_stream(config.asc))
    return _init(timescale, _track_header(volume=0x100, width=0, height=0), b"soun", media_header, entry)


def segment_index(segments: Sequence[IndexedSegment], *, starts_at: float) -> bytes:
    """The `sidx` box right before `segments` (12:8.16.3). `starts_at`: media time of the first, in seconds."""
    listed = segments[:MOST_INDEXED]
    earliest = round(starts_at * INDEX_TIMESCALE)
    head = struct.pack(">IIQQHH", TRACK_ID, INDEX_TIMESCALE, earliest, 0, 0, len(listed))
    entries, at = [], starts_at
    for segment in listed:
        begins, at = round(at * INDEX_TIMESCALE), at + segment.duration  # counted on, so that nothing adds up
        ticks = round(at * INDEX_TIMESCALE) - begins
        entries.append(struct.pack(">III", segment.size, ticks, _STARTS_WITH_KEY_FRAME))
    return _full_box(b"sidx", 1, 0, head, *entries)


def segment_index_size(count: int) -> int:
    """Bytes of the `sidx` box of so many segments."""
    return 12 + 28 + 12 * min(count, MOST_INDEXED)


def fragment(
    *, sequence_number: int, base_decode_time: int, samples: Sequence[Sample], data: ByteLike, with_styp: bool
) -> bytes:
    """One moof and mdat, with a styp before it when it begins a segment: a CMAF chunk, an LL-HLS part.

    `base_decode_time` is the first sample's decode time in ticks, `data` the samples' bytes one after the other.
    Durations and flags that all samples share go to the tfhd; composition offsets that are all 0 are left out.
    Raises ValueError when there is no sample, when sizes and data disagree, or when a number does not fit its field.
    """
    if not samples or sum(sample.size for sample in samples) != len(data):
        raise ValueError("The samples' sizes do not add up to the fragment's data.")
    try:
        header = _movie_fragment(sequence_number, base_decode_time, samples)
        data_header = struct.pack(">I4s", 8 + len(data), b"mdat")
    except struct.error as error:
        raise ValueError(f"A number does not fit its field in the fragment: {error}.") from None
    segment_type = _box(b"styp", b"msdh", bytes(4), b"msdhcmfs") if with_styp else b""
    return b"".join((segment_type, header, data_header, data))


def walk_boxes(data: ByteLike) -> Iterator[Box]:
    """Every box, parents before children. Raises BoxError when a box is cut or exceeds its parent."""
    view = memoryview(data)
    return _walk(view, "", 0, len(view))


def _walk(view: memoryview, parent: str, start: int, end: int) -> Iterator[Box]:
    while start < end:
        header = 8
        if start + header > end:
            raise BoxError("A box header is cut.")
        size, kind = struct.unpack_from(">I4s", view, start)
        if size == 1 and start + 16 <= end:  # 12:4.2: a 64-bit size follows
            header = 16
            size = struct.unpack_from(">Q", view, start + 8)[0]
        if size < header or start + size > end:
            raise BoxError(f"The box {kind!r} of {size} bytes does not fit.")
        path = parent + kind.decode("latin-1")
        yield Box(path, start, view[start + header : start + size])
        if kind in _CONTAINERS and path.count("/") < MAX_BOX_DEPTH:
            yield from _walk(view, path + "/", start + header + _CONTAINERS[kind], start + size)
        start += size


def _box(kind: bytes, *pieces: ByteLike) -> bytes:
    body = b"".join(pieces)
    return struct.pack(">I4s", 8 + len(body), kind) + body


def _full_box(kind: bytes, version: int, flags: int, *pieces: ByteLike) -> bytes:
    return _box(kind, struct.pack(">I", version << 24 | flags), *pieces)


def _init(timescale: int, track_header: bytes, handler: bytes, media_header: bytes, entry: bytes) -> bytes:
    """ftyp and moov without samples or durations: RFC 8216bis 3.1.2, CMAF 7.3.1."""
    file_type = _box(b"ftyp", b"iso6", bytes(4), b"iso6cmfcmp41")
    movie_header = _full_box(
        b"mvhd", 0, 0, struct.pack(">8xIIIH10x", timescale, 0, 0x10000, 0x100), _UNITY_MATRIX,
        struct.pack(">24xI", TRACK_ID + 1),
    )  # fmt: skip
    media = _box(
        b"mdia",
        _full_box(b"mdhd", 0, 0, struct.pack(">8xIIHH", timescale, 0, _UNDETERMINED_LANGUAGE, 0)),
        _full_box(b"hdlr", 0, 0, struct.pack(">4x4s12x", handler), b"Millrace\x00"),
        _box(b"minf", media_header, _data_information(), _sample_table(entry)),
    )
    extends = _box(b"mvex", _full_box(b"trex", 0, 0, struct.pack(">5I", TRACK_ID, 1, 0, 0, 0)))
    return file_type + _box(b"moov", movie_header, _box(b"trak", track_header, media), extends)


def _track_header(*, volume: int, width: int, height: int) -> bytes:
    """12:8.3.2; flags: enabled, in movie, in preview. Width and height are 16.16 fixed point, in display pixels."""
    fields = struct.pack(">8xI4xI8xHHH2x", TRACK_ID, 0, 0, 0, volume)
    return _full_box(b"tkhd", 0, 7, fields, _UNITY_MATRIX, struct.pack(">II", width, height))


def _data_information() -> bytes:
    """12:8.7.1; flag 1: the media is in the same file, as RFC 8216bis 3.1.2 demands."""
    return _box(b"dinf", _full_box(b"dref", 0, 0, struct.pack(">I", 1), _full_box(b"url ", 0, 1)))


def _sample_table(entry: bytes) -> bytes:
    return _box(
        b"stbl",
        _full_box(b"stsd", 0, 0, struct.pack(">I", 1), entry),
        _full_box(b"stts", 0, 0, bytes(4)),
        _full_box(b"stsc", 0, 0, bytes(4)),
        _full_box(b"stsz", 0, 0, bytes(8)),
        _full_box(b"stco", 0, 0, bytes(4)),
    )


def _elementary_stream(asc: bytes) -> bytes:
    """esds: 14496-14 5.6, descriptors of 14496-1 7.2.6. 0x40 is MPEG-4 audio, 0x15 an audio stream going downstream."""
    decoder = _descriptor(4, struct.pack(">BB3xII", 0x40, 0x15, 0, 0) + _descriptor(5, asc))
    return _full_box(b"esds", 0, 0, _descriptor(3, bytes(3) + decoder + _descriptor(6, b"\x02")))


def _descriptor(tag: int, body: bytes) -> bytes:
    """Tag, size in groups of seven bits (14496-1 8.3.3), body."""
    size = len(body)
    length = bytes((size & 0x7F,))
    while size := size >> 7:
        length = bytes((0x80 | size & 0x7F,)) + length
    return bytes((tag,)) + length + body


def _movie_fragment(sequence_number: int, base_decode_time: int, samples: Sequence[Sample]) -> bytes:
    header = _full_box(b"mfhd", 0, 0, struct.pack(">I", sequence_number))
    decode_time = _full_box(b"tfdt", 1, 0, struct.pack(">Q", base_decode_time))
    track_header, run_flags, table = _run(samples)
    run_fields = struct.pack(">I", len(samples))
    # All sizes are known but the data offset, which counts from the moof's first byte to behind the mdat's header.
    run_size = 8 + 4 + len(run_fields) + 4 + len(table)
    offset = 8 + len(header) + 8 + len(track_header) + len(decode_time) + run_size + 8
    run = _full_box(b"trun", 1, run_flags, run_fields, struct.pack(">i", offset), table)
    return _box(b"moof", header, _box(b"traf", track_header, decode_time, run))


def _run(samples: Sequence[Sample]) -> tuple[bytes, int, bytes]:
    """The tfhd, the trun's flags and its table."""
    duration, is_sync = samples[0].duration, samples[0].is_sync
    head_flags, head = _DEFAULT_BASE_IS_MOOF, struct.pack(">I", TRACK_ID)
    run_flags = _DATA_OFFSET
    columns: list[Sequence[int]] = []
    if all(sample.duration == duration for sample in samples):
        head_flags |= _DEFAULT_DURATION
        head += struct.pack(">I", duration)
    else:
        run_flags |= _DURATIONS
        columns.append([sample.duration for sample in samples])
    run_flags |= _SIZES
    columns.append([sample.size for sample in samples])
    if all(sample.is_sync == is_sync for sample in samples):
        head_flags |= _DEFAULT_FLAGS
        head += struct.pack(">I", _sample_flags(is_sync))
    else:
        run_flags |= _FLAGS
        columns.append([_sample_flags(sample.is_sync) for sample in samples])
    layout = ">" + "I" * len(columns)
    if any(sample.composition_offset for sample in samples):
        run_flags |= _COMPOSITION
        layout += "i"
        columns.append([sample.composition_offset for sample in samples])
    table = b"".join(struct.pack(layout, *row) for row in zip(*columns, strict=True))
    return _full_box(b"tfhd", 0, head_flags, head), run_flags, table


def _sample_flags(is_sync: bool) -> int:
    return _SYNC_SAMPLE if is_sync else _DEPENDENT_SAMPLE
