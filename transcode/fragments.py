"""Reads what our own fragments say of times, and moves them (ISO/IEC 14496-12 §8.8, cited as 12:) (pure)."""

import struct
from collections.abc import Iterator

from transcode import fmp4
from transcode.errors import BoxError

_BASE_DATA_OFFSET, _DESCRIPTION, _DURATION = 0x1, 0x2, 0x8  # fields of a tfhd, 12:8.8.7
_DATA_OFFSET, _FIRST_FLAGS = 0x1, 0x4  # fields of a trun before its table, 12:8.8.8
_COLUMNS = _DURATIONS, _SIZES, _FLAGS, _COMPOSITION = 0x100, 0x200, 0x400, 0x800  # and of each row of that


def timescale(init: bytes) -> int:
    """Ticks per second of an initialization section's one track."""
    for box in fmp4.walk_boxes(init):
        if box.path == "moov/trak/mdia/mdhd":
            at = 20 if box.payload[0] == 1 else 12
            return int.from_bytes(box.payload[at : at + 4], "big")
    raise BoxError("The initialization section has no media header.")


def picture_size(init: bytes) -> tuple[int, int]:
    """Width and height in pixels of an initialization section's pictures."""
    for box in fmp4.walk_boxes(init):
        if box.path.endswith("stsd/avc1"):
            return int.from_bytes(box.payload[24:26], "big"), int.from_bytes(box.payload[26:28], "big")
    raise BoxError("The initialization section has no pictures.")


def presentation_times(segment: bytes) -> list[int]:
    """When each of its samples is shown, in ticks, in the order in which they are decoded."""
    found: list[int] = []
    default_duration = decode_time = 0
    for box in fmp4.walk_boxes(segment):
        if box.path == "moof/traf/tfhd":
            default_duration = _default_duration(box.payload)
        elif box.path == "moof/traf/tfdt":
            decode_time = _decode_time(box.payload)
        elif box.path == "moof/traf/trun":
            for duration, composition in _rows(box.payload, default_duration):
                found.append(decode_time + composition)
                decode_time += duration
    return found


def moved(segment: bytes, ticks: int) -> bytes:
    """The same media, later by so many ticks. Raises BoxError where it would begin before 0."""
    made = bytearray(segment)
    for box in fmp4.walk_boxes(segment):
        if box.path == "moof/traf/tfdt":
            later = _decode_time(box.payload) + ticks
            if later < 0:
                raise BoxError("A fragment cannot begin before 0.")
            struct.pack_into(">Q", made, box.offset + 12, later)
    return bytes(made)


def _decode_time(payload: memoryview) -> int:
    if len(payload) != 12 or payload[0] != 1:
        raise BoxError("A fragment's decode time is not of version 1.")
    return int.from_bytes(payload[4:], "big")


def _default_duration(payload: memoryview) -> int:
    flags = int.from_bytes(payload[:4], "big") & 0xFFFFFF
    at = 8 + (8 if flags & _BASE_DATA_OFFSET else 0) + (4 if flags & _DESCRIPTION else 0)
    return int.from_bytes(payload[at : at + 4], "big") if flags & _DURATION else 0


def _rows(payload: memoryview, default_duration: int) -> Iterator[tuple[int, int]]:
    """Duration and composition offset of each sample."""
    flags, count = int.from_bytes(payload[:4], "big") & 0xFFFFFF, int.from_bytes(payload[4:8], "big")
    at = 8 + (4 if flags & _DATA_OFFSET else 0) + (4 if flags & _FIRST_FLAGS else 0)
    there = [column for column in _COLUMNS if flags & column]
    width = 4 * len(there)
    if at + count * width > len(payload):
        raise BoxError("A fragment's table is cut.")
    for _ in range(count):
        row = dict(zip(there, struct.iter_unpack(">i", payload[at : at + width]), strict=True))
        yield row.get(_DURATIONS, (default_duration,))[0], row.get(_COMPOSITION, (0,))[0]
        at += width
