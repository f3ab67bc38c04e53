"""uvicorn's WebSocket protocol with a door for the room hub: `uvicorn --ws chat.uvicorn_protocol:RawWebSocketProtocol`.

It puts itself into the ASGI scope's extensions, which is ASGI's place for what one server can do more than others.
uvicorn's class is importable but no documented interface: requirements.in pins its version, and
tests/chat/test_uvicorn_protocol.py fails when its shape changes.
"""

import asyncio
import socket
import struct
from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.extensions.base import ServerExtensionFactory
from websockets.http11 import Request
from websockets.server import ServerProtocol

from chat.limits import CLOSE_SECONDS, FRAME_MAX_BYTES, SOCKET_SEND_BUFFER_BYTES
from chat.sinks import EXTENSION


class RawWebSocketProtocol(WebSocketsSansIOProtocol):
    """One viewer's connection. No compression (one frame serves all), no own pings (the hub sends them in slices)."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        no_extensions: list[ServerExtensionFactory] = []
        self.conn = ServerProtocol(extensions=no_extensions, max_size=FRAME_MAX_BYTES, logger=self.logger)
        self.ping_interval = None
        self.heard_at = self.loop.time()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        raw_socket = transport.get_extra_info("socket")
        if raw_socket is not None:
            raw_socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SOCKET_SEND_BUFFER_BYTES)

    def data_received(self, data: bytes) -> None:
        self.heard_at = self.loop.time()
        super().data_received(data)

    def handle_connect(self, event: Request) -> None:
        """Starts the application in a task, which therefore sees the extension added after `super()`."""
        super().handle_connect(event)
        if self.response.status_code == 101:
            self.scope["extensions"][EXTENSION] = {"connection": self}

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
