"""A small RTMP publisher's side of the protocol: no more than OBS needs, and nothing hidden from the test.

Written apart from the product's own RTMP code on purpose: an error in one is not repeated in the other.
"""

import contextlib
import os
import socket
import struct
import threading
from dataclasses import dataclass, field

SET_CHUNK_SIZE, ACKNOWLEDGE, USER_CONTROL, WINDOW_SIZE, PEER_BANDWIDTH, COMMAND = 1, 3, 4, 5, 6, 20
PING_REQUEST, PING_RESPONSE = 6, 7
HANDSHAKE_BYTES = 1536
OUT_CHUNK_BYTES = 4096
EXTENDED_TIME = 0xFFFFFF
CONTROL_CHANNEL, COMMAND_CHANNEL, AUDIO_CHANNEL, VIDEO_CHANNEL, DATA_CHANNEL = 2, 3, 4, 6, 5
CHANNEL_OF_KIND = {8: AUDIO_CHANNEL, 9: VIDEO_CHANNEL, 18: DATA_CHANNEL}

Value = str | float | bool | None | dict[str, "Value"]


class Refused(Exception):
    """The server did not let this publisher in."""


@dataclass
class Message:
    """One whole RTMP message as received."""

    kind: int
    stream: int
    body: bytes


@dataclass
class _InChunks:
    length: int = 0
    kind: int = 0
    stream: int = 0
    extended: bool = False
    body: bytearray = field(default_factory=bytearray)


class RtmpConnection:
    """One connection: handshake, chunks out, messages in."""

    def __init__(self, *, host: str, port: int, timeout: float = 10, source: str = "") -> None:
        """`source`: the address to come from; every 127.x.y.z is this machine."""
        own = (source, 0) if source else None
        self.socket = socket.create_connection((host, port), timeout=timeout, source_address=own)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._sending = threading.Lock()  # the listening thread answers pings between the media
        self._in_chunk_bytes = 128
        self._in: dict[int, _InChunks] = {}
        self._received = 0
        self._acknowledged = 0
        self._window = 2_500_000

    def shake_hands(self) -> None:
        c1 = bytes(8) + os.urandom(HANDSHAKE_BYTES - 8)
        self.socket.sendall(b"\x03" + c1)
        answer = self._read(1 + HANDSHAKE_BYTES)
        self.socket.sendall(answer[1:])
        self._read(HANDSHAKE_BYTES)
        self.send(SET_CHUNK_SIZE, struct.pack(">I", OUT_CHUNK_BYTES), channel=CONTROL_CHANNEL)

    def send(self, kind: int, body: bytes, *, channel: int, stream: int = 0, time_ms: int = 0) -> None:
        """One message, cut into chunks of the size announced in `shake_hands`."""
        stamp = min(time_ms, EXTENDED_TIME)
        extended = struct.pack(">I", time_ms & 0xFFFFFFFF) if stamp == EXTENDED_TIME else b""
        header = stamp.to_bytes(3) + len(body).to_bytes(3) + bytes([kind]) + struct.pack("<I", stream)
        pieces = [bytes([channel]), header, extended, body[:OUT_CHUNK_BYTES]]
        for at in range(OUT_CHUNK_BYTES, len(body), OUT_CHUNK_BYTES):
            pieces += [bytes([0xC0 | channel]), extended, body[at : at + OUT_CHUNK_BYTES]]
        with self._sending:
            self.socket.sendall(b"".join(pieces))

    def send_bytes(self, data: bytes) -> None:
        """Bytes that need not be RTMP, but never in the middle of a message."""
        with self._sending:
            self.socket.sendall(data)

    def send_command(self, name: str, transaction: float, *values: Value, stream: int = 0) -> None:
        body = b"".join(encode_amf(value) for value in (name, transaction, *values))
        self.send(COMMAND, body, channel=COMMAND_CHANNEL, stream=stream)

    def receive(self) -> Message:
        """The next message that is not for the connection itself; pings are answered on the way."""
        while True:
            message = self._receive_one()
            if not self._serve(message):
                return message

    def wait_for(self, *names: str) -> list[Value]:
        """Values of the next command with one of these names; `_error` and a closed connection are refusals."""
        while True:
            message = self.receive()
            if message.kind != COMMAND:
                continue
            values = decode_amf(message.body)
            if values[0] == "_error":
                raise Refused(str(values[-1]))
            if values[0] in names:
                return values

    def hang_up(self, *, abruptly: bool = False) -> None:
        """Wake whoever reads; abruptly means that `close` then sends a reset, as when a machine dies."""
        if abruptly:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        with contextlib.suppress(OSError):  # the server was first
            self.socket.shutdown(socket.SHUT_RD if abruptly else socket.SHUT_RDWR)

    def close(self) -> None:
        """To be called when nobody reads any more: Linux closes a socket only after its last reader left."""
        self.socket.close()

    def _serve(self, message: Message) -> bool:
        if message.kind == SET_CHUNK_SIZE:
            self._in_chunk_bytes = struct.unpack(">I", message.body)[0]
        elif message.kind == WINDOW_SIZE:
            self._window = struct.unpack(">I", message.body)[0]
        elif message.kind == USER_CONTROL and message.body[:2] == struct.pack(">H", PING_REQUEST):
            pong = struct.pack(">H", PING_RESPONSE) + message.body[2:6]
            self.send(USER_CONTROL, pong, channel=CONTROL_CHANNEL)
        return message.kind in (SET_CHUNK_SIZE, ACKNOWLEDGE, USER_CONTROL, WINDOW_SIZE, PEER_BANDWIDTH)

    def _receive_one(self) -> Message:
        while True:
            basic = self._read(1)[0]
            chunks = self._in.setdefault(basic & 0x3F, _InChunks())  # servers use few, low-numbered channels
            self._read_header(basic >> 6, chunks)
            wanted = min(self._in_chunk_bytes, chunks.length - len(chunks.body))
            chunks.body += self._read(wanted)
            if len(chunks.body) == chunks.length:
                body, chunks.body = bytes(chunks.body), bytearray()
                return Message(chunks.kind, chunks.stream, body)

    def _read_header(self, shape: int, chunks: _InChunks) -> None:
        header = self._read((11, 7, 3, 0)[shape])
        if shape <= 1:
            chunks.length, chunks.kind = int.from_bytes(header[3:6]), header[6]
        if shape == 0:
            chunks.stream = struct.unpack("<I", header[7:11])[0]
        if shape <= 2:
            chunks.extended = int.from_bytes(header[:3]) == EXTENDED_TIME
        if chunks.extended:
            self._read(4)

    def _read(self, size: int) -> bytes:
        data = bytearray()
        while len(data) < size:
            piece = self.socket.recv(size - len(data))
            if not piece:
                raise Refused("the server closed the connection")
            data += piece
        self._received += size
        if self._received - self._acknowledged > self._window // 2:
            self._acknowledged = self._received
            self.send(ACKNOWLEDGE, struct.pack(">I", self._received & 0xFFFFFFFF), channel=CONTROL_CHANNEL)
        return bytes(data)


def encode_amf(value: Value) -> bytes:
    """One AMF0 value."""
    if value is None:
        return b"\x05"
    if isinstance(value, bool):
        return bytes([1, value])
    if isinstance(value, int | float):
        return b"\x00" + struct.pack(">d", value)
    if isinstance(value, str):
        return (b"\x02" + _text(value)) if len(value.encode()) < 65_536 else b"\x0c" + _long_text(value)
    pairs = b"".join(_text(name) + encode_amf(item) for name, item in value.items())
    return b"\x03" + pairs + b"\x00\x00\x09"


def decode_amf(body: bytes) -> list[Value]:
    """All AMF0 values of a message."""
    values: list[Value] = []
    at = 1 if body[:1] == b"\x00" and len(body) > 1 and body[1] == 2 else 0
    while at < len(body):
        value, at = _decode_one(body, at)
        values.append(value)
    return values


def _decode_one(body: bytes, at: int) -> tuple[Value, int]:
    marker, at = body[at], at + 1
    if marker == 0:
        return struct.unpack_from(">d", body, at)[0], at + 8
    if marker == 1:
        return bool(body[at]), at + 1
    if marker == 2:
        return _decode_text(body, at)
    if marker in (3, 8):
        return _decode_pairs(body, at + 4 if marker == 8 else at)
    return None, at  # null and undefined


def _decode_pairs(body: bytes, at: int) -> tuple[Value, int]:
    pairs: dict[str, Value] = {}
    while body[at : at + 3] != b"\x00\x00\x09":
        name, at = _decode_text(body, at)
        pairs[name], at = _decode_one(body, at)
    return pairs, at + 3


def _decode_text(body: bytes, at: int) -> tuple[str, int]:
    size = struct.unpack_from(">H", body, at)[0]
    return body[at + 2 : at + 2 + size].decode(), at + 2 + size


def _text(value: str) -> bytes:
    raw = value.encode()
    return struct.pack(">H", len(raw)) + raw


def _long_text(value: str) -> bytes:
    raw = value.encode()
    return struct.pack(">I", len(raw)) + raw
