"""RTMP's chunk streams: messages cut into interleaved chunks (Adobe RTMP 1.0 section 5.3), both directions."""

import struct
from dataclasses import dataclass, field
from typing import NamedTuple

from transcode.errors import RtmpError

DEFAULT_CHUNK_BYTES = 128  # 5.4.1
MAX_MESSAGE_BYTES = 8 * 1024 * 1024  # as flv.MAX_TAG_BYTES
MAX_CHUNK_STREAMS = 64  # nginx-rtmp uses about six of the 65 597 possible
MAX_UNFINISHED_BYTES = 2 * MAX_MESSAGE_BYTES  # of all chunk streams together

SET_CHUNK_SIZE, ABORT = 1, 2  # 5.4: obeyed here, because they change how the next chunk is read

_HEADER_BYTES = (11, 7, 3, 0)  # message header per chunk type, 5.3.1.2
_EXTENDED = 0xFF_FFFF  # a timestamp field that says: see the extended timestamp, 5.3.1.3
_TIME_MASK = 0xFFFF_FFFF


class Message(NamedTuple):
    """One whole RTMP message. `timestamp` is in milliseconds modulo 2**32."""

    type_id: int
    stream_id: int
    timestamp: int
    payload: bytes


@dataclass(slots=True)
class _ChunkStream:
    """What later chunks of the same chunk stream leave out and therefore inherit."""

    timestamp: int = 0
    delta: int = 0
    length: int = 0
    type_id: int = 0
    stream_id: int = 0
    extended: bool = False
    unfinished: bytearray = field(default_factory=bytearray)


class ChunkReader:
    """Turns a stream of bytes, cut anywhere, into messages. Unusable after RtmpError.

    Holds one unfinished chunk and at most MAX_UNFINISHED_BYTES of unfinished messages.
    """

    def __init__(self) -> None:
        self.chunk_size = DEFAULT_CHUNK_BYTES
        self._buffer = bytearray()
        self._streams: dict[int, _ChunkStream] = {}
        self._unfinished_bytes = 0

    def receive(self, data: bytes) -> list[Message]:
        """The messages completed by `data`; set chunk size and abort are obeyed and not returned.

        Raises RtmpError when a header is impossible or a limit is exceeded.
        """
        buffer: bytes | bytearray = data
        if self._buffer:
            self._buffer += data
            buffer = self._buffer
        messages: list[Message] = []
        position = 0
        while (end := self._read_chunk(buffer, position, messages)) > position:
            position = end
        if buffer is data:  # whole chunks usually, which are cut from it without another copy
            self._buffer += data[position:]
        else:
            del self._buffer[:position]
        return messages

    def _read_chunk(self, buffer: bytes | bytearray, start: int, messages: list[Message]) -> int:
        """End of the chunk at `start`, or `start` when it is not complete; then nothing has changed."""
        basic = _basic_header(buffer, start)
        if basic is None or len(buffer) < basic[2] + _HEADER_BYTES[basic[0]]:
            return start
        kind, stream_number, position = basic
        previous = self._streams.get(stream_number)
        if previous is None and kind != 0:
            raise RtmpError("A chunk stream starts without a full header.")
        stream = previous or _ChunkStream()
        fields = bytes(buffer[position : position + _HEADER_BYTES[kind]])
        position += len(fields)
        time_field = int.from_bytes(fields[:3], "big")
        # 5.3.1.3: chunks without a timestamp field repeat the extended timestamp of the chunk before.
        extended = time_field == _EXTENDED if fields else stream.extended
        if extended:
            time_field = int.from_bytes(buffer[position : position + 4], "big")
            position += 4
        length = int.from_bytes(fields[3:6], "big") if kind < 2 else stream.length
        if length > MAX_MESSAGE_BYTES:
            raise RtmpError(f"A message of {length} bytes is more than {MAX_MESSAGE_BYTES}.")
        end = position + min(self.chunk_size, length - len(stream.unfinished))
        if len(buffer) < end:
            return start
        if previous is None:
            self._open(stream_number, stream)
        self._apply_header(stream, kind, fields, time_field, extended)
        self._append(stream, bytes(buffer[position:end]), messages)
        return end

    def _open(self, stream_number: int, stream: _ChunkStream) -> None:
        if len(self._streams) >= MAX_CHUNK_STREAMS:
            raise RtmpError(f"There are more than {MAX_CHUNK_STREAMS} chunk streams.")
        self._streams[stream_number] = stream

    @staticmethod
    def _apply_header(stream: _ChunkStream, kind: int, fields: bytes, time_field: int, extended: bool) -> None:
        if kind < 3:
            if stream.unfinished:
                raise RtmpError("A message starts before the one on its chunk stream has ended.")
            stream.delta = time_field  # 5.3.1.2.4: after a full header its timestamp is the delta of type 3 too
            stream.extended = extended
        if kind < 2:
            stream.length = int.from_bytes(fields[3:6], "big")
            stream.type_id = fields[6]
        if kind == 0:
            stream.stream_id = int.from_bytes(fields[7:11], "little")  # 5.3.1.2.5: the only little-endian field
            stream.timestamp = time_field
        elif not stream.unfinished:
            stream.timestamp = (stream.timestamp + stream.delta) & _TIME_MASK

    def _append(self, stream: _ChunkStream, piece: bytes, messages: list[Message]) -> None:
        """Add a chunk's data to its message, and hand the message on when that completes it."""
        if len(stream.unfinished) + len(piece) < stream.length:
            self._unfinished_bytes += len(piece)
            if self._unfinished_bytes > MAX_UNFINISHED_BYTES:
                raise RtmpError(f"Unfinished messages hold more than {MAX_UNFINISHED_BYTES} bytes.")
            stream.unfinished += piece
            return
        self._unfinished_bytes -= len(stream.unfinished)
        payload = piece
        if stream.unfinished:
            payload = bytes(stream.unfinished) + piece
            stream.unfinished.clear()
        message = Message(stream.type_id, stream.stream_id, stream.timestamp, payload)
        if message.type_id in (SET_CHUNK_SIZE, ABORT):
            self._obey(message)
        else:
            messages.append(message)

    def _obey(self, message: Message) -> None:
        """5.4.1 Set Chunk Size, 5.4.2 Abort Message."""
        if len(message.payload) < 4:
            raise RtmpError("A protocol control message is too short.")
        value = int.from_bytes(message.payload[:4], "big")
        if message.type_id == SET_CHUNK_SIZE:
            if not 1 <= value <= 0x7FFF_FFFF:
                raise RtmpError(f"A chunk size of {value} is impossible.")
            self.chunk_size = value
        elif stream := self._streams.get(value):
            self._unfinished_bytes -= len(stream.unfinished)
            stream.unfinished.clear()


def _basic_header(buffer: bytes | bytearray, start: int) -> tuple[int, int, int] | None:
    """Chunk type, chunk stream number and where the header goes on; None when incomplete. 5.3.1.1."""
    if len(buffer) <= start:
        return None
    kind, number = buffer[start] >> 6, buffer[start] & 63
    if number > 1:
        return kind, number, start + 1
    end = start + 2 + number
    if len(buffer) < end:
        return None
    return kind, 64 + int.from_bytes(buffer[start + 1 : end], "little"), end


def encode_message(message: Message, *, chunk_stream: int, chunk_size: int) -> bytes:
    """The message as one full-header chunk and type 3 chunks behind it. `chunk_stream` is 2 to 63. 5.3.1."""
    extended = message.timestamp >= _EXTENDED
    time_field = _EXTENDED if extended else message.timestamp
    extension = struct.pack(">I", message.timestamp) if extended else b""
    length_and_type = len(message.payload) << 8 | message.type_id
    header = struct.pack(">BHB", chunk_stream, time_field >> 8, time_field & 255) + struct.pack(">I", length_and_type)
    pieces = [header, struct.pack("<I", message.stream_id), extension]
    for start in range(0, len(message.payload), chunk_size):
        if start:
            pieces += (bytes((3 << 6 | chunk_stream,)), extension)
        pieces.append(message.payload[start : start + chunk_size])
    return b"".join(pieces)
