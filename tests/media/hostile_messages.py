"""RTMP that no encoder sends: each attack is bytes for one connection, made from a seed.

`before` attacks come right after the handshake, from anybody; `publishing` ones from a streamer whose key is good.
"""

import random
import struct
from collections.abc import Callable
from dataclasses import dataclass

from tests.media.rtmp_client import Value, encode_amf

SET_CHUNK_SIZE, ABORT, ACKNOWLEDGE, USER_CONTROL, WINDOW_SIZE, PEER_BANDWIDTH = 1, 2, 3, 4, 5, 6
AUDIO, VIDEO, AMF3_DATA, AMF3_COMMAND, DATA, COMMAND, AGGREGATE = 8, 9, 15, 17, 18, 20, 22
CHUNK_BYTES = 4096  # announced by our client after its handshake
MEGABYTE = 1 << 20


@dataclass(frozen=True)
class Attack:
    """`make` returns what is written to the socket after the handshake (or while publishing)."""

    name: str
    make: Callable[[random.Random], bytes]
    needs_key: bool = False


def message(
    kind: int, body: bytes, *, channel: int = 3, stream: int = 1, time_ms: int = 0, told: int | None = None
) -> bytes:
    """A message in chunks; `told` is the length its header claims."""
    length = len(body) if told is None else told
    head = bytes([channel]) + time_ms.to_bytes(3) + length.to_bytes(3) + bytes([kind]) + struct.pack("<I", stream)
    pieces = [head, body[:CHUNK_BYTES]]
    for at in range(CHUNK_BYTES, len(body), CHUNK_BYTES):
        pieces += [bytes([0xC0 | channel]), body[at : at + CHUNK_BYTES]]
    return b"".join(pieces)


def command(name: str, *values: bytes, kind: int = COMMAND) -> bytes:
    return message(kind, encode_amf(name) + encode_amf(1.0) + b"".join(values))


def _nested(marker: bytes, depth: int) -> bytes:
    return marker * depth


def _deep_objects(depth: int) -> Callable[[random.Random], bytes]:
    return lambda _: command("connect", _nested(b"\x03\x00\x01a", depth))


def _deep_arrays(depth: int) -> Callable[[random.Random], bytes]:
    return lambda _: command("connect", _nested(b"\x0a\x00\x00\x00\x01", depth))


def _deep_metadata(_: random.Random) -> bytes:
    return message(DATA, encode_amf("@setDataFrame") + encode_amf("onMetaData") + _nested(b"\x03\x00\x01a", 200_000))


def _long_string(_: random.Random) -> bytes:
    return command("connect", b"\x0c\xff\xff\xff\xff" + b"x" * 1000)


def _huge_counts(_: random.Random) -> bytes:
    return command("connect", b"\x08\xff\xff\xff\xff\x00\x01a\x05\x00\x00\x09") + command(
        "connect", b"\x0a\xff\xff\xff\xff" + b"\x05" * 100
    )


def _typed_objects(_: random.Random) -> bytes:
    return command(
        "connect", b"\x10\x00\x05Class\x00\x01a\x05\x00\x00\x09", b"\x07\x00\x01", b"\x0f\x00\x00\x00\x04<a/>"
    )


def _chunk_size(value: int) -> Callable[[random.Random], bytes]:
    """The size, then a message of three megabytes in chunks of the old one."""
    return lambda rng: (
        message(SET_CHUNK_SIZE, struct.pack(">I", value), channel=2, stream=0)
        + message(VIDEO, b"\x27\x01\x00\x00\x00" + rng.randbytes(64), channel=6)
    )


def _chunk_size_one(rng: random.Random) -> bytes:
    """A message of 20 000 chunks of one byte."""
    body = b"\x27\x01\x00\x00\x00" + rng.randbytes(20_000)
    head = b"\x06" + bytes(3) + len(body).to_bytes(3) + bytes([VIDEO]) + struct.pack("<I", 1)
    chunks = bytes([0xC6]).join(body[at : at + 1] for at in range(len(body)))
    return message(SET_CHUNK_SIZE, struct.pack(">I", 1), channel=2, stream=0) + head + chunks


def _chunk_size_changes(rng: random.Random) -> bytes:
    sizes = [rng.choice([1, 2, 128, 4096, 65_536, 1 << 20]) for _ in range(300)]
    return b"".join(message(SET_CHUNK_SIZE, struct.pack(">I", size), channel=2, stream=0) for size in sizes)


def _unknown_types(rng: random.Random) -> bytes:
    return b"".join(message(kind, rng.randbytes(rng.randrange(60))) for kind in range(256) if kind != SET_CHUNK_SIZE)


def _short_control(_: random.Random) -> bytes:
    kinds = (ABORT, ACKNOWLEDGE, USER_CONTROL, WINDOW_SIZE, PEER_BANDWIDTH)
    return b"".join(message(kind, bytes(size), channel=2, stream=0) for kind in kinds for size in range(8))


def _user_control(rng: random.Random) -> bytes:
    events = [struct.pack(">H", event) + rng.randbytes(rng.randrange(12)) for event in range(40) for _ in range(3)]
    return b"".join(message(USER_CONTROL, body, channel=2, stream=0) for body in events)


def _aggregates(rng: random.Random) -> bytes:
    """Sub-messages whose sizes lie: none, too long, 16 MB."""

    def inner(size: int, body: bytes) -> bytes:
        return bytes([VIDEO]) + size.to_bytes(3) + bytes(7) + body + struct.pack(">I", 11 + len(body))

    bodies = [inner(5, b"\x17\x01\x00\x00\x00"), inner(0, b""), inner(0xFFFFFF, b"x"), inner(100, b"x"), b"\x09\x00"]
    return b"".join(message(AGGREGATE, body + rng.randbytes(9)) for body in bodies)


def _extended_times(rng: random.Random) -> bytes:
    """All header forms with extended timestamps, also where the chunks that go on leave theirs out."""
    body = b"\x27\x01\x00\x00\x00" + bytes(9_000)
    head = b"\x06\xff\xff\xff" + len(body).to_bytes(3) + bytes([VIDEO]) + struct.pack("<I", 1)
    stamps = [0, 0xFFFFFF, 0xFFFFFFFF, rng.randrange(1 << 32)]
    return b"".join(
        head + struct.pack(">I", stamp) + body[:CHUNK_BYTES] + b"\xc6" + body[:CHUNK_BYTES] for stamp in stamps
    )


def _never_completed(_: random.Random) -> bytes:
    return message(VIDEO, bytes(7 * MEGABYTE), channel=6, told=8 * MEGABYTE - 1)


def _sixteen_megabytes(_: random.Random) -> bytes:
    return message(VIDEO, bytes(100_000), channel=6, told=0xFFFFFF)


def _many_channels(rng: random.Random) -> bytes:
    """Unfinished messages on every chunk stream there is, in the two- and three-byte forms of the header."""
    pieces = []
    for number in range(64, 6_000):
        basic = b"\x00" + bytes([number - 64]) if number < 320 else b"\x01" + struct.pack("<H", number - 64)
        pieces.append(
            basic + bytes(3) + (100_000).to_bytes(3) + bytes([VIDEO]) + struct.pack("<I", 1) + bytes(CHUNK_BYTES)
        )
    return b"".join(pieces)


def _create_streams(_: random.Random) -> bytes:
    return command("createStream", b"\x05") * 5_000


def _deletes(_: random.Random) -> bytes:
    numbers = [0.0, 1.0, -1.0, 1e308, float("nan"), float("inf"), 2.0**31, 2.0**32]
    return b"".join(
        command(name, b"\x05", encode_amf(number))
        for name in ("deleteStream", "closeStream", "play")
        for number in numbers
    )


def _pings(_: random.Random) -> bytes:
    return message(USER_CONTROL, struct.pack(">HI", 6, 1), channel=2, stream=0) * 20_000


def _noise(rng: random.Random) -> bytes:
    return rng.randbytes(300_000)


def _noisy_headers(rng: random.Random) -> bytes:
    """Decoder configurations of noise, which the ingest server looks into as well."""
    video = [message(VIDEO, b"\x17\x00\x00\x00\x00" + rng.randbytes(rng.randrange(200)), channel=6) for _ in range(200)]
    sound = [message(AUDIO, b"\xaf\x00" + rng.randbytes(rng.randrange(12)), channel=4) for _ in range(200)]
    return b"".join(video + sound)


def _bent_headers(rng: random.Random) -> bytes:
    """A good decoder configuration with a few bits flipped, again and again."""
    good = bytearray.fromhex(
        "1700000000 0164000dffe1001b6764000dacd94150878888c044000003000400000300f03c50a65801000668ebe3cb22c0fdf8f800"
    )
    sent = []
    for _ in range(500):
        bent = bytearray(good)
        for _ in range(rng.randrange(1, 6)):
            bent[rng.randrange(5, len(bent))] ^= 1 << rng.randrange(8)
        sent.append(message(VIDEO, bytes(bent), channel=6))
    return b"".join(sent)


def _tiny_media(_: random.Random) -> bytes:
    bodies = [b"", b"\x17", b"\x17\x00", b"\x17\x01\x00", b"\x90", b"\x9f", b"\x57\x00", b"\xff" * 3]
    return b"".join(message(kind, body, channel=6) for kind in (VIDEO, AUDIO) for body in bodies)


def _metadata_lies(rng: random.Random) -> bytes:
    values: list[Value] = [float("nan"), float("inf"), -1.0, 1e308, 0.0, "x" * 60_000, True, None]
    names = ["width", "height", "framerate", "videocodecid", "audiocodecid", "videodatarate", "encoder", "duration"]
    head = encode_amf("@setDataFrame") + encode_amf("onMetaData")
    return b"".join(message(DATA, head + encode_amf({name: rng.choice(values) for name in names})) for _ in range(40))


def _publish_again(_: random.Random) -> bytes:
    return command("publish", b"\x05", encode_amf("other"), encode_amf("live")) * 50


ATTACKS = [
    Attack("objects in objects, 100 deep", _deep_objects(100)),
    Attack("objects in objects, 200 000 deep", _deep_objects(200_000)),
    Attack("objects in objects, 2 000 000 deep", _deep_objects(2_000_000)),
    Attack("arrays in arrays, 1 000 000 deep", _deep_arrays(1_000_000)),
    Attack("metadata 200 000 deep", _deep_metadata, needs_key=True),
    Attack("string of 4 GB", _long_string),
    Attack("arrays of 4 thousand million", _huge_counts),
    Attack("AMF types that nobody sends", _typed_objects),
    *(Attack(f"chunk size {value}", _chunk_size(value)) for value in (0, 0x7FFFFFFF, 0xFFFFFFFF)),
    Attack("chunks of one byte", _chunk_size_one, needs_key=True),
    Attack("chunk size that keeps changing", _chunk_size_changes, needs_key=True),
    Attack("every message type", _unknown_types),
    Attack("every message type, publishing", _unknown_types, needs_key=True),
    Attack("control messages cut short", _short_control),
    Attack("every user control event", _user_control),
    Attack("acknowledgement window 0", lambda _: message(WINDOW_SIZE, bytes(4), channel=2, stream=0)),
    Attack("aggregates that lie", _aggregates, needs_key=True),
    Attack("extended times", _extended_times, needs_key=True),
    Attack("a message that never ends", _never_completed, needs_key=True),
    Attack("a message of 16 MB", _sixteen_megabytes, needs_key=True),
    Attack("thousands of chunk streams", _many_channels),
    Attack("5 000 createStream", _create_streams),
    Attack("streams deleted that are not there", _deletes, needs_key=True),
    Attack("20 000 pings", _pings),
    Attack("noise", _noise),
    Attack("noise, publishing", _noise, needs_key=True),
    Attack("decoder configurations of noise", _noisy_headers, needs_key=True),
    Attack("decoder configurations with flipped bits", _bent_headers, needs_key=True),
    Attack("media too short for their headers", _tiny_media, needs_key=True),
    Attack("metadata that lies", _metadata_lies, needs_key=True),
    Attack("publish again", _publish_again, needs_key=True),
]
