"""Pages without a browser: the sockets that watch pages open, by the thousand, and what such a page says and hears."""

import asyncio
import base64
import json
import os
from collections.abc import Callable
from functools import partial
from typing import Any

from django.core.signing import Signer

TEXT, CLOSE, PING, PONG = 0x1, 0x8, 0x9, 0xA
PER_ADDRESS = 50  # viewers behind one address; the loopback network has plenty


def browser_cookie(secret_key: str, number: int) -> str:
    """The name that the site gave to a browser, made with the site's own key."""
    signer = Signer(key=secret_key, salt="streaming.viewer", fallback_keys=[])
    return "viewer=" + signer.sign(f"bench-browser-{number:06}")


class PageSocket(asyncio.Protocol):
    """A page's socket on a channel. Answers pings, as browsers do, unless it has vanished."""

    def __init__(self, request: bytes, hears: Callable[[dict[str, Any]], None]) -> None:
        self._request, self._hears, self._buffer = request, hears, b""
        self.vanished = False
        self.open: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]  # TCP gives a Transport
        self.transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        if self.vanished:
            return
        self._buffer += data
        if not self.open.done():
            head, found, rest = self._buffer.partition(b"\r\n\r\n")
            if not found:
                return
            if not head.startswith(b"HTTP/1.1 101"):
                self.open.set_exception(ConnectionError(head.split(b"\r\n")[0].decode()))
                return
            self._buffer = rest
            self.open.set_result(None)
        while (frame := self._frame()) is not None:
            self._take(*frame)

    def connection_lost(self, error: Exception | None) -> None:
        if not self.open.done():
            self.open.set_exception(ConnectionError("closed before it was open"))

    def say(self, message: dict[str, Any]) -> None:
        self._write(TEXT, json.dumps(message).encode())

    def leave(self) -> None:
        """Say goodbye, as a tab that is closed does."""
        self._write(CLOSE, (1001).to_bytes(2))
        self.transport.close()

    def vanish(self) -> None:
        """A train into a tunnel: the connection stands and nobody is there."""
        self.vanished = True

    def _frame(self) -> tuple[int, bytes] | None:
        """The next whole frame; a server's are not masked, and ours are short."""
        if len(self._buffer) < 2:
            return None
        length, start = self._buffer[1] & 0x7F, 2
        if length == 126:
            length, start = int.from_bytes(self._buffer[2:4]), 4
        if len(self._buffer) < start + length:
            return None
        frame = self._buffer[0] & 0x0F, self._buffer[start : start + length]
        self._buffer = self._buffer[start + length :]
        return frame

    def _take(self, kind: int, body: bytes) -> None:
        if kind == PING:
            self._write(PONG, body)
        elif kind == TEXT:
            self._hears(json.loads(body))

    def _write(self, kind: int, body: bytes) -> None:
        size = bytes([0x80 | len(body)]) if len(body) < 126 else b"\xfe" + len(body).to_bytes(2)
        self.transport.write(bytes([0x80 | kind]) + size + b"\0\0\0\0" + body)  # a mask of zeros is one


async def open_socket(
    port: int,
    login: str,
    *,
    cookie: str = "",
    number: int = 0,
    hears: Callable[[dict[str, Any]], None] = lambda _: None,
) -> PageSocket:
    """Open one; `number` decides the address it comes from."""
    host = f"127.0.0.1:{port}"
    lines = [
        f"GET /api/v1/channels/{login}/events HTTP/1.1",
        f"Host: {host}",
        f"Origin: http://{host}",
        *([f"Cookie: {cookie}"] if cookie else []),
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}",
        "Sec-WebSocket-Version: 13",
    ]
    request = ("\r\n".join(lines) + "\r\n\r\n").encode()
    source = number // PER_ADDRESS
    address = f"127.0.{1 + source // 250}.{1 + source % 250}"
    loop = asyncio.get_running_loop()
    _, socket = await loop.create_connection(
        partial(PageSocket, request, hears), "127.0.0.1", port, local_addr=(address, 0)
    )
    await asyncio.wait_for(socket.open, 60)
    return socket
