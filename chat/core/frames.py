"""What goes out to clients, encoded once and written to everyone: WebSocket frames (RFC 6455), server-sent events."""

import re
from dataclasses import dataclass
from functools import cached_property

FIN_TEXT = 0x81
FIN_PING = 0x89
PING_FRAME = bytes((FIN_PING, 0))
_ROOM_EVENT = re.compile(rb'\{"type":"[a-z_]+","seq":(\d+)')  # as RoomEvent writes them


def text_frame(payload: bytes) -> bytes:
    """One unmasked, unfragmented text frame (§5.2; a server must not mask)."""
    length = len(payload)
    if length < 126:
        return bytes((FIN_TEXT, length)) + payload
    if length < 65_536:
        return bytes((FIN_TEXT, 126)) + length.to_bytes(2, "big") + payload
    return bytes((FIN_TEXT, 127)) + length.to_bytes(8, "big") + payload


def place_of(payload: bytes) -> int | None:
    """The event's seq; None for what has no place in the room's order."""
    found = _ROOM_EVENT.match(payload)
    return int(found[1]) if found else None


def server_sent_event(payload: bytes) -> bytes:
    """One event of an event stream (HTML, "server-sent events"); a room's events carry their place as the id."""
    place = place_of(payload)
    head = b"" if place is None else b"id: %d\n" % place
    return b"%bdata: %b\n\n" % (head, payload)  # JSON on one line: it escapes line ends


@dataclass(frozen=True)
class Batch:
    """Several payloads that go out together: as wire bytes for raw sinks, one by one for the others."""

    payloads: tuple[bytes, ...]

    @cached_property
    def frames(self) -> bytes:
        return b"".join(map(text_frame, self.payloads))

    @cached_property
    def event_stream(self) -> bytes:
        return b"".join(map(server_sent_event, self.payloads))
