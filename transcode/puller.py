"""Plays a broadcast from the ingest server over RTMP: the asyncio shell around `rtmp.PlaySession`.

Wake-ups are what a live worker's processor time goes into: between two of them its caches have gone to FFmpeg. A packet
of sound alone is not worth one, since nothing is cut before the picture has come so far: while pictures are large the
socket counts as readable once ENOUGH_BYTES wait there, or when nothing was read for PATIENCE_SECONDS. Pictures that end
no part are not worth one either: whoever takes the events says for how long it needs none (`spare`).
"""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Sequence

from transcode import rtmp
from transcode.errors import RtmpError
from transcode.flv import MediaTag

CONNECT_SECONDS = 3.0
ENOUGH_BYTES = 1_000  # more than one packet of sound at any usual rate, less than a picture that moves
PATIENCE_SECONDS = 0.045  # longer than between two pictures at 25 a second
REST_BYTES = 1 << 18  # more than this is not left to wait in the socket: 20 Mbit/s for 0.1 s
READ_AHEAD_BYTES = 1 << 20  # of messages nobody has taken yet; beyond it the server waits for us


async def pull(
    host: str, port: int, app: str, name: str, page_url: str, spare: Callable[[], float] = lambda: 0.0
) -> AsyncIterator[Sequence[rtmp.Event]]:
    """What happened since the last look at one playing connection, again and again until the server closes it.

    `spare` is asked whenever everything was taken: for how many seconds nothing that comes will be needed.
    Raises OSError when the server is not there, RtmpError when it does not speak RTMP.
    """
    session = rtmp.PlaySession(app, f"rtmp://{host}:{port}/{app}", name, page_url=page_url)
    connecting = asyncio.get_running_loop().create_connection(lambda: Player(session, spare), host, port)
    transport, player = await asyncio.wait_for(connecting, CONNECT_SECONDS)
    try:
        while events := await player.next_events():
            yield events
    finally:
        transport.abort()


class Player(asyncio.Protocol):
    """One connection; what the session makes of its bytes is kept until it is taken."""

    def __init__(self, session: rtmp.PlaySession, spare: Callable[[], float]) -> None:
        self._session, self._spare = session, spare
        self._events: list[rtmp.Event] = []
        self._waiting_bytes = 0  # that `_events` were made of
        self._news = asyncio.Event()
        self._ended = False
        self._error: Exception | None = None
        self._is_congested = False
        self._picture_bytes = 0  # of the smallest picture that came last: 0 before the first
        self._low_water = 1
        self._timer: asyncio.TimerHandle | None = None  # ends a rest, or the patience with a picture
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport

    async def next_events(self) -> list[rtmp.Event]:
        """Everything since the last call, once there is something; empty when the server has closed the connection.

        Raises what ended it instead, after the events before that.
        """
        if not self._news.is_set() and self._picture_bytes and (seconds := self._spare()):
            self._rest(seconds)
        await self._news.wait()
        events, self._events, self._waiting_bytes = self._events, [], 0
        if events:
            if not self._ended:
                self._news.clear()
                self._steer()
            return events
        if self._error is not None:
            raise self._error
        return []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]  # TCP gives a Transport
        self._transport.write(self._session.data_to_send())

    def data_received(self, data: bytes) -> None:
        if self._ended:
            return
        try:
            events = self._session.receive_data(data)
        except RtmpError as error:
            self._end(error)
            self._transport.abort()
            return
        if answer := self._session.data_to_send():
            self._transport.write(answer)
        if events:
            self._take(events, len(data))

    def _take(self, events: list[rtmp.Event], size: int) -> None:
        self._events += events
        self._waiting_bytes += size
        self._news.set()
        self._steer()
        pictures = [len(event.payload) for event in events if isinstance(event, MediaTag) and event.kind == "video"]
        if pictures:
            self._picture_bytes = min(pictures)
            self._await_picture()

    def pause_writing(self) -> None:
        """The server asks more than it reads answers."""
        self._is_congested = True
        self._steer()

    def resume_writing(self) -> None:
        self._is_congested = False
        self._steer()

    def connection_lost(self, error: Exception | None) -> None:
        self._end(error)

    def _end(self, error: Exception | None) -> None:
        if not self._ended:
            self._ended, self._error = True, error
            self._news.set()
        self._set_timer(None)

    def _steer(self) -> None:
        """Read on only while what was read is taken, and what we answer as well."""
        may_read = not self._is_congested and self._waiting_bytes < READ_AHEAD_BYTES
        if may_read != self._transport.is_reading() and not self._transport.is_closing():
            (self._transport.resume_reading if may_read else self._transport.pause_reading)()

    def _rest(self, seconds: float) -> None:
        self._set_timer(self._loop.call_later(seconds, self._await_picture))
        self._wake_at(REST_BYTES)

    def _await_picture(self) -> None:
        """Sleep until the next picture is here; one that is so small that sound weighs as much is not waited for."""
        is_large = self._picture_bytes > ENOUGH_BYTES
        self._set_timer(self._loop.call_later(PATIENCE_SECONDS, self._lose_patience) if is_large else None)
        self._wake_at(ENOUGH_BYTES if is_large else 1)

    def _lose_patience(self) -> None:
        self._timer = None
        self._wake_at(1)

    def _set_timer(self, timer: asyncio.TimerHandle | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = timer

    def _wake_at(self, count: int) -> None:
        """How many bytes must wait for the loop to be woken; the kernel looks at once whether there are so many."""
        if count != self._low_water and not self._transport.is_closing():
            self._low_water = count
            self._transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, count)
