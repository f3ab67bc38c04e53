"""A small HTTP/1.1 client that notes when the first and the last byte of a body came, and hides no fault of an answer.

Libraries decode, retry and follow; a recording must not. Connections are kept and used again, as a player does.
"""

import asyncio
import contextlib
import gzip
import ssl
import time
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field

ANSWER_SECONDS = 40.0  # longer than any hold that is allowed: 3 × 6 s and a margin
IDLE_CONNECTIONS = 32
PIECE_BYTES = 1 << 18
HEAD_LIMIT = 1 << 20


@dataclass(frozen=True)
class Reply:
    """An answer as it came. Status 0: none came. `whole`: it ended where HTTP says, not where the connection did."""

    asked_at: float
    first_byte_at: float  # of the body, or of the head when there is none
    done_at: float
    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    wire_size: int = 0
    http_version: str = ""
    whole: bool = False


class _Connection:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self.fresh = True


class Client:
    """Talks to one server. `tls` for https."""

    def __init__(self, host: str, port: int, *, tls: ssl.SSLContext | None = None) -> None:
        self.host, self.port, self.tls = host, port, tls
        self._idle: list[_Connection] = []

    async def request(self, target: str, *, method: str = "GET", headers: Mapping[str, str] | None = None) -> Reply:
        """Never raises for what the server does; a connection that had been idle may be closed, then asks once more."""
        asked_at = time.monotonic()
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                return await self._request(asked_at, target, method, headers or {})
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, TimeoutError, ValueError):
            now = time.monotonic()
            return Reply(asked_at, now, now)

    async def _request(self, asked_at: float, target: str, method: str, headers: Mapping[str, str]) -> Reply:
        connection = await self._connect()
        try:
            reply, reusable = await _exchange(connection, asked_at, self._head(target, method, headers), method)
        except (ConnectionError, asyncio.IncompleteReadError):
            connection.writer.close()
            if connection.fresh:
                raise
            return await self._request(asked_at, target, method, headers)
        except BaseException:
            connection.writer.close()
            raise
        if reusable and len(self._idle) < IDLE_CONNECTIONS:
            connection.fresh = False
            self._idle.append(connection)
        else:
            connection.writer.close()
        return reply

    async def _connect(self) -> _Connection:
        while self._idle:
            connection = self._idle.pop()
            if not connection.writer.is_closing() and not connection.reader.at_eof():
                return connection
        name = self.host if self.tls else None
        streams = await asyncio.open_connection(
            self.host, self.port, ssl=self.tls, server_hostname=name, limit=HEAD_LIMIT
        )
        return _Connection(*streams)

    def _head(self, target: str, method: str, headers: Mapping[str, str]) -> bytes:
        lines = [f"{method} {target} HTTP/1.1", f"Host: {self.host}:{self.port}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        return ("\r\n".join(lines) + "\r\n\r\n").encode()

    async def close(self) -> None:
        for connection in self._idle:
            connection.writer.close()
        for connection in self._idle:
            with contextlib.suppress(OSError, ssl.SSLError):
                await connection.writer.wait_closed()
        self._idle.clear()


@dataclass
class _Body:
    pieces: list[bytes] = field(default_factory=list)
    first_at: float | None = None
    whole: bool = True

    def add(self, piece: bytes) -> None:
        if self.first_at is None:
            self.first_at = time.monotonic()
        self.pieces.append(piece)


async def _exchange(connection: _Connection, asked_at: float, head: bytes, method: str) -> tuple[Reply, bool]:
    connection.writer.write(head)
    lines = (await connection.reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    head_at = time.monotonic()
    version, status = lines[0].split(" ", 2)[:2]
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:]) if name}
    body = _Body()
    if method != "HEAD" and status not in {"204", "304"}:
        await _read_body(connection.reader, headers, body)
    done_at = time.monotonic()
    raw = b"".join(body.pieces)
    decoded, whole = _decoded(raw, headers.get("content-encoding", ""))
    reply = Reply(
        asked_at=asked_at,
        first_byte_at=body.first_at or head_at,
        done_at=done_at,
        status=int(status),
        headers=headers,
        body=decoded,
        wire_size=len(raw),
        http_version=version,
        whole=whole and body.whole,
    )
    return reply, body.whole and headers.get("connection", "").lower() != "close"


async def _read_body(reader: asyncio.StreamReader, headers: Mapping[str, str], body: _Body) -> None:
    try:
        if headers.get("transfer-encoding", "").lower() == "chunked":
            while size := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16):
                await _read_exactly(reader, size, body)
                await reader.readexactly(2)
            await reader.readuntil(b"\r\n")
        else:
            await _read_exactly(reader, int(headers.get("content-length", "0")), body)
    except (ConnectionError, asyncio.IncompleteReadError):
        body.whole = False


async def _read_exactly(reader: asyncio.StreamReader, size: int, body: _Body) -> None:
    while size > 0:
        piece = await reader.read(min(size, PIECE_BYTES))
        if not piece:
            raise asyncio.IncompleteReadError(b"", size)
        body.add(piece)
        size -= len(piece)


def _decoded(raw: bytes, encoding: str) -> tuple[bytes, bool]:
    """The body without its compression, and whether that was sound."""
    if encoding != "gzip":
        return raw, True
    try:
        return gzip.decompress(raw), True
    except (OSError, EOFError, zlib.error):
        return zlib.decompressobj(31).decompress(raw) if raw[:2] == b"\x1f\x8b" else raw, False
