"""AMF0, the encoding of RTMP's commands (Adobe "Action Message Format AMF 0", sections cited)."""

import struct
from typing import TypeAlias

from transcode.errors import RtmpError

MAX_DEPTH = 16  # of nested objects and arrays; onMetaData needs 4
MAX_BYTES = 256 * 1024  # of one command or data message; a keyframe index of a long file is the largest real one

AmfValue: TypeAlias = "None | bool | float | str | list[AmfValue] | dict[str, AmfValue]"

_NUMBER, _BOOLEAN, _STRING, _OBJECT, _NULL, _UNDEFINED = 0, 1, 2, 3, 5, 6
_ECMA_ARRAY, _OBJECT_END, _STRICT_ARRAY, _DATE, _LONG_STRING = 8, 9, 10, 11, 12
_MAX_SHORT_STRING = 0xFFFF


def decode(payload: bytes) -> list[AmfValue]:
    """All values of a message. Undefined reads as None, a date as its number of milliseconds since 1970.

    Raises RtmpError when malformed, deeper than MAX_DEPTH, longer than MAX_BYTES, or of a type nobody sends us
    (references, XML, typed objects, AMF3).
    """
    if len(payload) > MAX_BYTES:
        raise RtmpError(f"An AMF message of {len(payload)} bytes is more than {MAX_BYTES}.")
    cursor = _Cursor(payload)
    values = []
    while cursor.bytes_left:
        values.append(_value(cursor, 0))
    return values


def encode(*values: AmfValue) -> bytes:
    """The values one after the other. Dates, undefined and ECMA arrays are never written."""
    return b"".join(_encode(value) for value in values)


class _Cursor:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._position = 0

    @property
    def bytes_left(self) -> int:
        return len(self._data) - self._position

    def take(self, count: int) -> bytes:
        if count > self.bytes_left:
            raise RtmpError("An AMF value ends too early.")
        self._position += count
        return self._data[self._position - count : self._position]

    def unsigned(self, count: int) -> int:
        return int.from_bytes(self.take(count), "big")

    def number(self) -> float:
        return float(struct.unpack(">d", self.take(8))[0])

    def text(self, length_bytes: int) -> str:
        return self.take(self.unsigned(length_bytes)).decode("utf-8", "replace")


def _value(cursor: _Cursor, depth: int) -> AmfValue:
    marker = cursor.unsigned(1)
    if marker in (_OBJECT, _ECMA_ARRAY, _STRICT_ARRAY):
        if depth >= MAX_DEPTH:
            raise RtmpError(f"AMF values are nested deeper than {MAX_DEPTH}.")
        return _container(cursor, marker, depth + 1)
    return _scalar(cursor, marker)


def _scalar(cursor: _Cursor, marker: int) -> AmfValue:
    if marker == _NUMBER:
        return cursor.number()
    if marker == _BOOLEAN:
        return cursor.unsigned(1) != 0
    if marker in (_STRING, _LONG_STRING):
        return cursor.text(2 if marker == _STRING else 4)
    if marker in (_NULL, _UNDEFINED):
        return None
    if marker == _DATE:  # 2.13: a number, then a time zone that must be ignored
        milliseconds = cursor.number()
        cursor.take(2)
        return milliseconds
    raise RtmpError(f"AMF type {marker} is not supported.")


def _container(cursor: _Cursor, marker: int, depth: int) -> AmfValue:
    if marker == _STRICT_ARRAY:  # 2.12: each value takes a byte at least, so a lying count ends in an error soon
        return [_value(cursor, depth) for _ in range(cursor.unsigned(4))]
    if marker == _ECMA_ARRAY:  # 2.10: the count is a hint that encoders get wrong; the end marker decides
        cursor.take(4)
    values: dict[str, AmfValue] = {}
    while True:
        key = cursor.text(2)
        if not key and cursor.unsigned(1) == _OBJECT_END:
            return values
        if not key:
            raise RtmpError("An AMF object has an empty property name.")
        values[key] = _value(cursor, depth)


def _encode(value: AmfValue) -> bytes:
    if value is None:
        return bytes((_NULL,))
    if isinstance(value, bool):
        return bytes((_BOOLEAN, value))
    if isinstance(value, int | float):
        return struct.pack(">Bd", _NUMBER, value)
    if isinstance(value, str):
        return _encode_text(value)
    if isinstance(value, dict):
        return _encode_object(value)
    return struct.pack(">BI", _STRICT_ARRAY, len(value)) + encode(*value)


def _encode_text(value: str) -> bytes:
    text = value.encode()
    if len(text) > _MAX_SHORT_STRING:
        return struct.pack(">BI", _LONG_STRING, len(text)) + text
    return struct.pack(">BH", _STRING, len(text)) + text


def _encode_object(value: dict[str, AmfValue]) -> bytes:
    pieces = [bytes((_OBJECT,))]
    for key, member in value.items():
        name = key.encode()
        pieces += (struct.pack(">H", len(name)), name, _encode(member))
    return b"".join((*pieces, b"\x00\x00", bytes((_OBJECT_END,))))
