"""Where a room's bytes go: one sink per viewer."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from chat.core.frames import PING_FRAME, Batch
from chat.limits import FALLBACK_QUEUE_LENGTH, SLOW_BUFFER_BYTES

SERVICE_RESTART = 1012
NOT_LENT = -1
EXTENSION = "chat.raw"  # where chat.uvicorn_protocol puts the connection in the ASGI scope
Send = Callable[[dict[str, Any]], Awaitable[None]]
Receive = Callable[[], Awaitable[dict[str, Any]]]


class Sink(Protocol):
    """What the hub needs of a viewer's connection. All of it is called on the event loop and none of it waits."""

    def write(self, batch: Batch) -> None: ...

    def buffered(self) -> int:
        """Bytes that were written and have not left the process."""

    def ping(self) -> None: ...

    def last_heard(self) -> float | None:
        """Loop time of the last bytes from the viewer; None when the server keeps connections alive itself."""

    def close(self, code: int, reason: str) -> None: ...

    def reconnect(self) -> None:
        """Ask the client to come back: this process is going away."""


class Borrower(Protocol):
    """Who writes past a connection, straight to its descriptor."""

    def take_back(self) -> None:
        """Write no more: the connection itself has something to write, or ends."""


class RawConnection(Protocol):
    """What chat.uvicorn_protocol.RawWebSocketProtocol offers to RawSink."""

    heard_at: float

    def lend(self, borrower: Borrower) -> int:
        """The descriptor to write whole frames to until it is taken back, or NOT_LENT while there is something unsent,
        before and after the WebSocket, and where bytes are encrypted on their way."""

    def write_frames(self, frames: bytes) -> None: ...
    def unsent_bytes(self) -> int: ...
    def close_websocket(self, code: int, reason: str) -> None: ...


class RawSink:
    """Writes ready-made frames straight to the transport: every viewer gets the same bytes object."""

    __slots__ = ("connection",)

    def __init__(self, connection: RawConnection) -> None:
        self.connection = connection

    def write(self, batch: Batch) -> None:
        self.connection.write_frames(batch.frames)

    def buffered(self) -> int:
        return self.connection.unsent_bytes()

    def ping(self) -> None:
        self.connection.write_frames(PING_FRAME)

    def last_heard(self) -> float | None:
        return self.connection.heard_at

    def close(self, code: int, reason: str) -> None:
        self.connection.close_websocket(code, reason)

    def reconnect(self) -> None:
        self.close(SERVICE_RESTART, "restart")


class QueueSink:
    """Any other way out of an ASGI server: a bounded queue in front of `send`. Slower, never wrong."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._queue: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._queued_bytes = 0
        self._writer = asyncio.create_task(self._write_queue())

    def write(self, batch: Batch) -> None:
        for payload in batch.payloads:
            self._put({"type": "websocket.send", "text": payload.decode()}, len(payload))

    def buffered(self) -> int:
        """Counts a full queue as a full buffer: the hub bounds both with one rule."""
        return SLOW_BUFFER_BYTES + 1 if self._queue.qsize() > FALLBACK_QUEUE_LENGTH else self._queued_bytes

    def ping(self) -> None:
        """ASGI has no ping; the server's own keepalive does it."""

    def last_heard(self) -> float | None:
        return None

    def close(self, code: int, reason: str) -> None:
        self._put({"type": "websocket.close", "code": code, "reason": reason}, 0)

    def reconnect(self) -> None:
        self.close(SERVICE_RESTART, "restart")

    def stop(self) -> None:
        """End the writer; the connection is gone."""
        self._writer.cancel()

    def _put(self, message: dict[str, Any], size: int) -> None:
        self._queued_bytes += size
        self._queue.put_nowait(message | {"size": size})

    async def _write_queue(self) -> None:
        while True:
            message = await self._queue.get()
            size = message.pop("size")
            await self._send(message)
            self._queued_bytes -= size
            if message["type"] == "websocket.close" or message.get("more_body") is False:
                return


class EventStreamSink(QueueSink):
    """Server-sent events: the response has begun and goes on until it is closed."""

    def write(self, batch: Batch) -> None:
        self._put_body(batch.event_stream)

    def ping(self) -> None:
        """A comment: keeps proxies from taking the connection for dead."""
        self._put_body(b":\n\n")

    def close(self, code: int, reason: str) -> None:
        self._put({"type": "http.response.body", "body": b"", "more_body": False}, 0)

    def _put_body(self, body: bytes) -> None:
        self._put({"type": "http.response.body", "body": body, "more_body": True}, len(body))


class PollSink:
    """A request that waits for the room's next events; the first that come are its answer."""

    def __init__(self) -> None:
        self.answer: asyncio.Future[tuple[bytes, ...]] = asyncio.get_running_loop().create_future()

    def write(self, batch: Batch) -> None:
        if not self.answer.done():
            self.answer.set_result(batch.payloads)

    def buffered(self) -> int:
        return 0

    def ping(self) -> None:
        """It waits for seconds only."""

    def last_heard(self) -> float | None:
        return None

    def close(self, code: int, reason: str) -> None:
        self.write(Batch(()))

    def reconnect(self) -> None:
        self.write(Batch(()))


def sink_for(scope: dict[str, Any], send: Send) -> RawSink | QueueSink:
    """The best sink this connection's server allows."""
    extension = scope.get("extensions", {}).get(EXTENSION)
    return RawSink(extension["connection"]) if extension else QueueSink(send)
