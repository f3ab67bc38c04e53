"""WebSocket frames (RFC 6455) from server to client, encoded once and written to everyone."""

from dataclasses import dataclass
from functools import cached_property

FIN_TEXT = 0x81
FIN_PING = 0x89
PING_FRAME = bytes((FIN_PING, 0))


def text_frame(payload: bytes) -> bytes:
    """One unmasked, unfragmented text frame (§5.2; a server must not mask)."""
    length = len(payload)
    if length < 126:
        return bytes((FIN_TEXT, length)) + payload
    if length < 65_536:
        return bytes((FIN_TEXT, 126)) + length.to_bytes(2, "big") + payload
    return bytes((FIN_TEXT, 127)) + length.to_bytes(8, "big") + payload


@dataclass(frozen=True)
class Batch:
    """Several payloads that go out together: as wire bytes for raw sinks, one by one for the others."""

    payloads: tuple[bytes, ...]

    @cached_property
    def frames(self) -> bytes:
        return b"".join(map(text_frame, self.payloads))
