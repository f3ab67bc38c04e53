"""Initialization sections and fragments of ISO/IEC 14496-12 read box by box; knows nothing of our own writer."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

from tests.conformance.codecs import Avc, Sound, read_avc, read_sound

# Boxes with boxes inside, and how many bytes of fields come before those.
_PARENTS = {
    "moov": 0, "trak": 0, "mdia": 0, "minf": 0, "dinf": 0, "stbl": 0, "mvex": 0, "moof": 0, "traf": 0, "edts": 0,
    "dref": 8, "stsd": 8, "avc1": 78, "avc3": 78, "hvc1": 78, "hev1": 78, "mp4a": 28,
}  # fmt: skip
_BASE_DATA_OFFSET, _SAMPLE_DESCRIPTION, _DURATION, _SIZE, _FLAGS = 0x1, 0x2, 0x8, 0x10, 0x20  # tfhd
_DEFAULT_BASE_IS_MOOF = 0x20000
_RUN_OFFSET, _FIRST_FLAGS = 0x1, 0x4  # trun
_RUN_COLUMNS = (0x100, 0x200, 0x400, 0x800)  # duration, size, flags, composition offset
_NON_SYNC = 0x10000


class BadBoxes(ValueError):
    """The bytes are no sequence of boxes."""


@dataclass(frozen=True)
class Box:
    kind: str
    at: int  # of its header
    payload: bytes
    children: tuple["Box", ...] = ()

    def all(self, path: str) -> Iterator["Box"]:
        """Boxes below this one, e.g. `trak/mdia/mdhd`."""
        first, _, rest = path.partition("/")
        for child in self.children:
            if child.kind == first:
                yield from child.all(rest) if rest else [child]

    def one(self, path: str) -> "Box | None":
        return next(self.all(path), None)

    @property
    def flags(self) -> int:
        return int.from_bytes(self.payload[1:4])

    @property
    def version(self) -> int:
        return self.payload[0]


@dataclass(frozen=True)
class TrackHead:
    """A track of an initialization section."""

    id: int
    kind: str  # `vide` or `soun`
    timescale: int
    entry: str  # `avc1`, `mp4a`
    avc: Avc | None
    sound: Sound | None
    config: bytes  # avcC, or the esds
    width: int
    height: int
    edits: tuple[tuple[int, int], ...]  # (duration, media time)
    defaults: tuple[int, int, int]  # duration, size, flags of trex

    @property
    def codec(self) -> str:
        """As in CODECS."""
        if self.avc is not None:
            return f"{self.entry}.{self.avc.profile:02x}{self.avc.compatibility:02x}{self.avc.level:02x}"
        return f"{self.entry}.40.{self.sound.object_type}" if self.sound else self.entry


@dataclass(frozen=True)
class Init:
    """A Media Initialization Section. `wrong` is what R§3.1.2 forbids in it."""

    tracks: dict[int, TrackHead]
    brands: frozenset[str]
    wrong: tuple[str, ...]

    @property
    def first(self) -> TrackHead:
        return next(iter(self.tracks.values()))


@dataclass(frozen=True)
class Sample:
    """Times in ticks; `offset` is presentation minus decode time."""

    dts: int
    duration: int
    is_sync: bool
    offset: int
    data: bytes


@dataclass(frozen=True)
class Fragment:
    """One traf. `moof` tells which fragments share a moof; `begins` is its tfdt."""

    moof: int
    track: int
    begins: int | None
    samples: tuple[Sample, ...]
    flags: int
    runs: int

    @property
    def ends(self) -> int:
        return (self.begins or 0) + sum(sample.duration for sample in self.samples)

    @property
    def is_relative(self) -> bool:
        """Offsets count from the moof (R§3.1.2)."""
        return bool(self.flags & _DEFAULT_BASE_IS_MOOF) and not self.flags & _BASE_DATA_OFFSET


@dataclass(frozen=True)
class Media:
    """The fragments of a segment or part; `wrong` when they could not all be read."""

    fragments: tuple[Fragment, ...] = ()
    wrong: tuple[str, ...] = ()
    brands: frozenset[str] = field(default_factory=frozenset)

    @cached_property
    def samples(self) -> list[Sample]:
        return [sample for fragment in self.fragments for sample in fragment.samples]

    @cached_property
    def ticks(self) -> int:
        return sum(sample.duration for sample in self.samples)

    @property
    def begins(self) -> int | None:
        return self.fragments[0].begins if self.fragments else None


def walk(data: bytes, start: int = 0, end: int | None = None) -> tuple[Box, ...]:
    """The boxes of `data`, with those inside them."""
    found = []
    end = len(data) if end is None else end
    while start < end:
        if start + 8 > end:
            raise BadBoxes(f"a cut header at {start}")
        size, name = struct.unpack_from(">I4s", data, start)
        head = 8
        if size == 1:
            size, head = struct.unpack_from(">Q", data, start + 8)[0], 16
        if size < head or start + size > end:
            raise BadBoxes(f"{name!r} at {start} has {size} bytes")
        kind = name.decode("latin-1")
        inside = walk(data, start + head + _PARENTS[kind], start + size) if kind in _PARENTS else ()
        found.append(Box(kind, start, data[start + head : start + size], inside))
        start += size
    return tuple(found)


@lru_cache(maxsize=256)
def read_init(data: bytes) -> Init:
    """Raises BadBoxes when it has no moov to read."""
    boxes = walk(data)
    moov = next((box for box in boxes if box.kind == "moov"), None)
    if moov is None:
        raise BadBoxes("no moov")
    tracks = {}
    for trak in moov.all("trak"):
        track = _track(trak, moov)
        tracks[track.id] = track
    return Init(tracks, _brands(boxes[0]), tuple(_wrong_init(boxes, moov)))


def _brands(box: Box) -> frozenset[str]:
    listed = box.payload[:4] + box.payload[8:] if box.kind in ("ftyp", "styp") else b""
    return frozenset(listed[at : at + 4].decode("latin-1") for at in range(0, len(listed), 4))


def _wrong_init(boxes: tuple[Box, ...], moov: Box) -> Iterator[str]:
    kinds = [box.kind for box in boxes]
    if kinds[:2] != ["ftyp", "moov"]:
        yield f"it begins with {kinds[:2]}"
    if set(kinds) & {"moof", "mdat"}:
        yield "it contains samples"
    if moov.one("mvex") is None:
        yield "no mvex"
    header = moov.one("mvhd")
    place = (24, 32) if header and header.version else (16, 20)
    if header is None or any(header.payload[slice(*place)]):
        yield "mvhd has a duration"
    for trak in moov.all("trak"):
        yield from _wrong_track(trak)


def _wrong_track(trak: Box) -> Iterator[str]:
    header = trak.one("tkhd")
    place = (28, 36) if header and header.version else (20, 24)
    if header is None or any(header.payload[slice(*place)]):
        yield "tkhd has a duration"
    for name in ("stts", "stsc", "stco"):
        table = trak.one(f"mdia/minf/stbl/{name}")
        if table is None or any(table.payload[4:8]):
            yield f"{name} is missing or has entries"
    sizes = trak.one("mdia/minf/stbl/stsz")
    if sizes is None or any(sizes.payload[8:12]):
        yield "stsz is missing or has entries"
    for reference in trak.all("mdia/minf/dinf/dref/url "):
        if not reference.flags & 1:
            yield "the media is in another file"


def _track(trak: Box, moov: Box) -> TrackHead:
    header, media, handler = trak.one("tkhd"), trak.one("mdia/mdhd"), trak.one("mdia/hdlr")
    table = trak.one("mdia/minf/stbl/stsd")
    if header is None or media is None or handler is None or table is None or not table.children:
        raise BadBoxes("a track without tkhd, mdhd, hdlr or stsd")
    entry = table.children[0]
    number = struct.unpack_from(">I", header.payload, 20 if header.version else 12)[0]
    avc, sound = entry.one("avcC"), entry.one("esds")
    width, height = struct.unpack_from(">HH", entry.payload, 24) if handler.payload[8:12] == b"vide" else (0, 0)
    return TrackHead(
        id=number,
        kind=handler.payload[8:12].decode("latin-1"),
        timescale=struct.unpack_from(">I", media.payload, 20 if media.version else 12)[0],
        entry=entry.kind,
        avc=read_avc(avc.payload) if avc else None,
        sound=read_sound(sound.payload) if sound else None,
        config=avc.payload if avc else sound.payload if sound else b"",
        width=width,
        height=height,
        edits=tuple(_edits(trak.one("edts/elst"))),
        defaults=_defaults(moov, number),
    )


def _edits(box: Box | None) -> Iterator[tuple[int, int]]:
    if box is None:
        return
    layout = ">Qq4x" if box.version else ">Ii4x"
    count = struct.unpack_from(">I", box.payload, 4)[0]
    for index in range(count):
        yield struct.unpack_from(layout, box.payload, 8 + index * struct.calcsize(layout))


def _defaults(moov: Box, track: int) -> tuple[int, int, int]:
    for box in moov.all("mvex/trex"):
        number, _, duration, size, flags = struct.unpack_from(">5I", box.payload, 4)
        if number == track:
            return duration, size, flags
    return 0, 0, 0


@lru_cache(maxsize=20_000)
def read_media(data: bytes, init: bytes) -> Media:
    """The fragments of a segment or part, and what is wrong with them."""
    try:
        boxes, heads = walk(data), read_init(init).tracks
        fragments = tuple(fragment for box in boxes if box.kind == "moof" for fragment in _fragments(box, data, heads))
    except (BadBoxes, struct.error) as error:
        return Media(wrong=(str(error),))
    wrong = [f"track {one.track} is not in the initialization section" for one in fragments if one.track not in heads]
    if not fragments:
        wrong.append("no fragment")
    return Media(fragments, tuple(wrong), _brands(boxes[0]))


def _fragments(moof: Box, data: bytes, heads: dict[int, TrackHead]) -> Iterator[Fragment]:
    for traf in moof.all("traf"):
        header, time = traf.one("tfhd"), traf.one("tfdt")
        if header is None:
            raise BadBoxes("a traf without tfhd")
        begins = struct.unpack_from(">Q" if time.version else ">I", time.payload, 4)[0] if time else None
        track = struct.unpack_from(">I", header.payload, 4)[0]
        given = _given(header, heads[track].defaults if track in heads else (0, 0, 0))
        samples: list[Sample] = []
        runs = list(traf.all("trun"))
        for run in runs:
            dts = samples[-1].dts + samples[-1].duration if samples else begins or 0
            samples += _samples(run, given, dts, data, moof.at)
        yield Fragment(moof.at, track, begins, tuple(samples), header.flags, len(runs))


def _given(header: Box, defaults: tuple[int, int, int]) -> tuple[int, int, int]:
    """Duration, size and flags of samples for which the run says nothing."""
    at = 8 + 8 * bool(header.flags & _BASE_DATA_OFFSET) + 4 * bool(header.flags & _SAMPLE_DESCRIPTION)
    values = list(defaults)
    for index, flag in enumerate((_DURATION, _SIZE, _FLAGS)):
        if header.flags & flag:
            values[index] = struct.unpack_from(">I", header.payload, at)[0]
            at += 4
    return values[0], values[1], values[2]


def _samples(run: Box, given: tuple[int, int, int], dts: int, data: bytes, moof_at: int) -> Iterator[Sample]:
    count = struct.unpack_from(">I", run.payload, 4)[0]
    at, place, first_flags = 8, moof_at, None
    if run.flags & _RUN_OFFSET:
        place += struct.unpack_from(">i", run.payload, at)[0]
        at += 4
    if run.flags & _FIRST_FLAGS:
        first_flags = struct.unpack_from(">I", run.payload, at)[0]
        at += 4
    for index in range(count):
        row = [*given, 0]
        for column, flag in enumerate(_RUN_COLUMNS):
            if run.flags & flag:
                row[column] = struct.unpack_from(">i" if column == 3 and run.version else ">I", run.payload, at)[0]
                at += 4
        duration, size, flags, offset = row
        flags = first_flags if index == 0 and first_flags is not None else flags
        if place + size > len(data):
            raise BadBoxes(f"sample {index} lies outside the file")
        yield Sample(dts, duration, not flags & _NON_SYNC, offset, data[place : place + size])
        dts, place = dts + duration, place + size
