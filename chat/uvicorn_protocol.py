"""uvicorn's WebSocket protocol with a door for the room hub: `uvicorn --ws chat.uvicorn_protocol:RawWebSocketProtocol`.

It puts itself into the ASGI scope's extensions, which is ASGI's place for what one server can do more than others.
uvicorn's class is importable but no documented interface: requirements.in pins its version, and
tests/chat/test_uvicorn_protocol.py fails when its shape changes.
"""

import asyncio
import socket
import struct
from typing import Any, cast

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.extensions.base import ServerExtensionFactory
from websockets.http11 import Request
from websockets.server import ServerProtocol

from chat.limits import CLOSE_SECONDS, FRAME_MAX_BYTES, SOCKET_SEND_BUFFER_BYTES
from chat.sinks import EXTENSION, NOT_LENT, Borrower


class RawWebSocketProtocol(WebSocketsSansIOProtocol):
    """One viewer's connection. No compression (one frame serves all), no own pings (the hub sends them in slices)."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        no_extensions: list[ServerExtensionFactory] = []
        self.conn = ServerProtocol(extensions=no_extensions, max_size=FRAME_MAX_BYTES, logger=self.logger)
        self.ping_interval = None
        self.heard_at = self.loop.time()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.lending = LendingTransport(cast(asyncio.Transport, transport))
        super().connection_made(self.lending)
        raw_socket = transport.get_extra_info("socket")
        if raw_socket is not None:
            raw_socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SOCKET_SEND_BUFFER_BYTES)

    def connection_lost(self, exc: Exception | None) -> None:
        """Comes before the descriptor is closed, after which its number may be somebody else's."""
        self.lending.take_back()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self.heard_at = self.loop.time()
        super().data_received(data)

    def handle_connect(self, event: Request) -> None:
        """Starts the application in a task, which therefore sees the extension added after `super()`."""
        super().handle_connect(event)
        if self.response.status_code == 101:
            self.scope["extensions"][EXTENSION] = {"connection": self}

    def lend(self, borrower: Borrower) -> int:
        """See RawConnection."""
        return self.lending.lend(borrower) if self.handshake_complete and not self.close_sent else NOT_LENT

    def write_frames(self, frames: bytes) -> None:
        """Write whole frames. Nothing may follow a close frame (RFC 6455 §5.5.1): a closing connection drops them."""
        if self.handshake_complete and not self.close_sent and not self.transport.is_closing():
            self.transport.write(frames)

    def unsent_bytes(self) -> int:
        return int(self.transport.get_write_buffer_size())

    def close_websocket(self, code: int, reason: str) -> None:
        """Say goodbye; a peer that does not read is cut off after CLOSE_SECONDS."""
        if self.close_sent or self.disconnected or self.transport.is_closing():
            return
        self.queue.put_nowait({"type": "websocket.disconnect", "code": code, "reason": reason})
        self.conn.send_close(code, reason)
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        if self.read_paused:
            self.read_paused = False
            self.transport.resume_reading()
        self.close_timer = self.loop.call_later(CLOSE_SECONDS, self._cut_off)

    def _cut_off(self) -> None:
        """With a reset (SO_LINGER of 0): behind what a peer does not read, a mere end would never reach him, and the
        kernel would keep all of it for minutes."""
        raw_socket = self.transport.get_extra_info("socket")
        if raw_socket is not None and not self.transport.is_closing():
            raw_socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.transport.abort()


class LendingTransport(asyncio.Transport):
    """A transport whose descriptor can be lent. Before anything else is done with it, it is taken back."""

    __slots__ = ("_borrower", "_transport")

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._borrower: Borrower | None = None

    def lend(self, borrower: Borrower) -> int:
        transport = self._transport
        if transport.is_closing() or transport.get_write_buffer_size() or transport.get_extra_info("sslcontext"):
            return NOT_LENT
        self._borrower = borrower
        return int(transport.get_extra_info("socket").fileno())

    def take_back(self) -> None:
        if self._borrower is not None:
            self._borrower.take_back()
            self._borrower = None

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.take_back()
        self._transport.write(data)

    def close(self) -> None:
        self.take_back()
        self._transport.close()

    def abort(self) -> None:
        self.take_back()
        self._transport.abort()

    # --- and what has nothing to do with it

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return self._transport.get_extra_info(name, default)

    def is_closing(self) -> bool:
        return self._transport.is_closing()

    def get_write_buffer_size(self) -> int:
        return int(self._transport.get_write_buffer_size())

    def pause_reading(self) -> None:
        self._transport.pause_reading()

    def resume_reading(self) -> None:
        self._transport.resume_reading()
