"""Where a room's bytes go: one sink per viewer."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from chat.core.frames import PING_FRAME, Batch
from chat.limits import FALLBACK_QUEUE_LENGTH, SLOW_BUFFER_BYTES

EXTENSION = "chat.raw"  # where chat.uvicorn_protocol puts the connection in the ASGI scope
Send = Callable[[dict[str, Any]], Awaitable[None]]


class Sink(Protocol):
    """What the hub needs of a viewer's connection. All of it is called on the event loop and none of it waits."""

    def write(self, batch: Batch) -> None: ...

    def buffered(self) -> int:
        """Bytes that were written and have not left the process."""

    def ping(self) -> None: ...

    def last_heard(self) -> float | None:
        """Loop time of the last bytes from the viewer; None when the server keeps connections alive itself."""

    def close(self, code: int, reason: str) -> None: ...


class RawConnection(Protocol):
    """What chat.uvicorn_protocol.RawWebSocketProtocol offers to RawSink."""

    heard_at: float

    def write_frames(self, frames: bytes) -> None: ...
    def unsent_bytes(self) -> int: ...
    def close_websocket(self, code: int, reason: str) -> None: ...


class RawSink:
    """Writes ready-made frames straight to the transport: every viewer gets the same bytes object."""

    __slots__ = ("_connection",)

    def __init__(self, connection: RawConnection) -> None:
        self._connection = connection

    def write(self, batch: Batch) -> None:
        self._connection.write_frames(batch.frames)

    def buffered(self) -> int:
        return self._connection.unsent_bytes()

    def ping(self) -> None:
        self._connection.write_frames(PING_FRAME)

    def last_heard(self) -> float | None:
        return self._connection.heard_at

    def close(self, code: int, reason: str) -> None:
        self._connection.close_websocket(code, reason)


class QueueSink:
    """Any other ASGI server: a bounded queue in front of `send`. Slower, never wrong."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._queue: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._queued_bytes = 0
        self._writer = asyncio.create_task(self._write_queue())

    def write(self, batch: Batch) -> None:
        for payload in batch.payloads:
            self._queued_bytes += len(payload)
            self._queue.put_nowait({"type": "websocket.send", "text": payload.decode()})

    def buffered(self) -> int:
        """Counts a full queue as a full buffer: the hub bounds both with one rule."""
        return SLOW_BUFFER_BYTES + 1 if self._queue.qsize() > FALLBACK_QUEUE_LENGTH else self._queued_bytes

    def ping(self) -> None:
        """ASGI has no ping; the server's own keepalive does it."""

    def last_heard(self) -> float | None:
        return None

    def close(self, code: int, reason: str) -> None:
        self._queue.put_nowait({"type": "websocket.close", "code": code, "reason": reason})

    def stop(self) -> None:
        """End the writer; the connection is gone."""
        self._writer.cancel()

    async def _write_queue(self) -> None:
        while True:
            message = await self._queue.get()
            await self._send(message)
            self._queued_bytes -= len(message.get("text", "").encode())
            if message["type"] == "websocket.close":
                return


def sink_for(scope: dict[str, Any], send: Send) -> RawSink | QueueSink:
    """The best sink this connection's server allows."""
    extension = scope.get("extensions", {}).get(EXTENSION)
    return RawSink(extension["connection"]) if extension else QueueSink(send)
