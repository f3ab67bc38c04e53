"""A playlist's segments with their bytes, in stretches without discontinuity or gap, and what FFmpeg makes of them."""

import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, lru_cache
from typing import TypeVar

from tests.conformance.boxes import BadBoxes, Init, Media, TrackHead, read_init, read_media
from tests.conformance.capture import Capture, place
from tests.conformance.playlist_reader import ListedSegment, resolve
from tests.conformance.rule import NotApplicable
from tests.conformance.snapshots import bodies, listed_segments, media_paths, remembered
from tests.media.counter import read_counters_of_bytes

DECODE_SECONDS_LIMIT = 300
Element = TypeVar("Element")


@dataclass(frozen=True)
class Piece:
    """A listed segment that was downloaded, with its initialization section. Of a key frame's playlist `body` is the
    whole segment that it is in, and `listed` the part that the playlist names."""

    playlist_path: str
    path: str
    segment: ListedSegment
    body: bytes
    init_body: bytes
    listed: bytes

    @cached_property
    def init(self) -> Init:
        return read_init(self.init_body)

    @cached_property
    def track(self) -> TrackHead:
        return self.init.first

    @cached_property
    def media(self) -> Media:
        return read_media(self.body, self.init_body)

    @cached_property
    def seconds(self) -> Fraction:
        """Measured."""
        return Fraction(self.media.ticks, self.track.timescale or 1)

    @cached_property
    def is_video(self) -> bool:
        return self.track.kind == "vide"

    @cached_property
    def frame_seconds(self) -> Fraction:
        longest = max((sample.duration for sample in self.media.samples), default=0)
        return Fraction(longest, self.track.timescale or 1)


def stretches(capture: Capture, path: str) -> list[list[Piece]]:
    """What a playlist listed, cut at discontinuities, gaps, missing numbers and missing downloads."""
    return remembered(capture, ("stretches", path), lambda: _stretches(capture, path))


def _stretches(capture: Capture, path: str) -> list[list[Piece]]:
    found: list[list[Piece]] = []
    before: int | None = None
    for segment in listed_segments(capture, path):
        piece = piece_of(capture, path, segment)
        if piece is None:
            before = None
            continue
        if before is None or segment.discontinuity or segment.msn != before + 1:
            found.append([])
        found[-1].append(piece)
        before = segment.msn
    return found


def piece_of(capture: Capture, path: str, segment: ListedSegment, *, key_frame: bool = False) -> Piece | None:
    """`key_frame`: of a playlist of these alone."""
    where = resolve(path, segment.place)
    listed = _bytes_at(capture, resolve(path, segment.uri), segment.byte_range)
    init = _bytes_at(capture, resolve(path, segment.map_uri or ""), segment.map_range)
    if segment.gap or listed is None or init is None or not _is_readable(init):
        return None
    body = _segment_around(capture, resolve(path, segment.uri), segment.byte_range) if key_frame else listed
    return Piece(path, where, segment, body or listed, init, listed)


def _bytes_at(capture: Capture, path: str, byte_range: tuple[int, int] | None) -> bytes | None:
    """A file, or these bytes of it, as they were downloaded: by themselves, or with what is around them."""
    held = bodies(capture)
    if byte_range is None:
        return held.get(path)
    length, offset = byte_range
    if path in held:
        return held[path][offset : offset + length]
    found = held.get(place(path, byte_range), _ranges(capture, path).get(offset))
    return found[:length] if found is not None else None


def _segment_around(capture: Capture, path: str, byte_range: tuple[int, int] | None) -> bytes | None:
    """What was downloaded from the same place on; all of a file that is one segment."""
    if byte_range is None or path in bodies(capture):
        return bodies(capture).get(path)
    return _ranges(capture, path).get(byte_range[1])


def _ranges(capture: Capture, path: str) -> dict[int, bytes]:
    """The downloaded pieces of a file, by where they begin; of two the longer one."""

    def find() -> dict[int, bytes]:
        found: dict[int, bytes] = {}
        for where, body in bodies(capture).items():
            file, _, span = where.partition("#")
            begins = int(span.partition("-")[0] or 0)
            if span and file == path and len(body) > len(found.get(begins, b"")):
                found[begins] = body
        return found

    return remembered(capture, ("ranges", path), find)


@lru_cache(maxsize=1024)
def _is_readable(init: bytes) -> bool:
    try:
        return bool(read_init(init).tracks)
    except BadBoxes:
        return False  # A-060 tells


def pieces(capture: Capture, path: str = "") -> list[Piece]:
    """All of one playlist, or each downloaded segment of all playlists once; NotApplicable when there is none."""
    chosen = [path] if path else media_paths(capture)
    found = {piece.path: piece for one in chosen for stretch in stretches(capture, one) for piece in stretch}
    if not found:
        raise NotApplicable("no segment was downloaded")
    return list(found.values())


def spread(elements: Sequence[Element], count: int) -> list[Element]:
    """At most `count` of them, evenly spread, the first and the last among them."""
    if len(elements) <= count:
        return list(elements)
    return [elements[round(index * (len(elements) - 1) / (count - 1))] for index in range(count)]


@dataclass(frozen=True)
class Decoded:
    """What FFmpeg made of some media: the counter of each picture, in order, and what it complained of."""

    numbers: tuple[int | None, ...]
    complaint: str


@lru_cache(maxsize=2048)
def decode_video(media: bytes) -> Decoded:
    try:
        return Decoded(tuple(read_counters_of_bytes(media)), "")
    except ValueError as error:
        return Decoded((), str(error))


@lru_cache(maxsize=2048)
def decode_sound(media: bytes) -> str:
    """FFmpeg's complaint."""
    command = ["ffmpeg", "-v", "error", "-xerror", "-i", "pipe:0", "-map", "0:a", "-f", "null", "-"]
    result = subprocess.run(command, input=media, capture_output=True, check=False, timeout=DECODE_SECONDS_LIMIT)
    return result.stderr.decode(errors="replace")[:300] or ("it failed" if result.returncode else "")


def contiguous(stretch: Sequence[Piece], seconds: float) -> Iterator[list[Piece]]:
    """The beginning, middle and end of a stretch that is longer than three times `seconds`; else the whole of it."""
    total = float(sum(piece.seconds for piece in stretch))
    if total <= 3 * seconds:
        yield list(stretch)
        return
    count = max(round(len(stretch) * seconds / total), 1)
    middle = (len(stretch) - count) // 2
    for begin in (0, middle, len(stretch) - count):
        yield list(stretch[begin : begin + count])


def decode_stretch(stretch: Sequence[Piece]) -> Decoded:
    """Consecutive segments of one initialization section, decoded as a player does."""
    return decode_video(stretch[0].init_body + b"".join(piece.body for piece in stretch))
