"""The player's connection: how it is woken, and how little it keeps of what nobody takes."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest

from tests.transcode.live_services import free_port
from tests.transcode.test_rtmp import BROADCAST, BROADCAST_EVENTS, PLAYING, wire
from transcode import puller, rtmp
from transcode.errors import RtmpError
from transcode.flv import MediaTag
from transcode.puller import ENOUGH_BYTES, pull
from transcode.rtmp import PlayStarted

HOST = "127.0.0.1"
PICTURE = wire(9, b"\x27\x01" + bytes(ENOUGH_BYTES))
SMALL_PICTURE = wire(9, b"\x27\x01" + bytes(200))
SOUND = wire(8, b"\xaf\x01" + bytes(300), chunk_stream=5)
LONG_SECONDS = 60.0
MOMENT = 0.1
AHEAD = 1 << 18


@dataclass
class Line:
    """Both ends: what the server says, and what the player hears."""

    server: asyncio.StreamWriter
    events: AsyncIterator[Sequence[rtmp.Event]]

    async def hear(self) -> list[str]:
        return [event.kind if isinstance(event, MediaTag) else type(event).__name__ for event in await self._next()]

    async def _next(self) -> Sequence[rtmp.Event]:
        return await asyncio.wait_for(anext(self.events), 10)


@asynccontextmanager
async def playing(said: bytes = PLAYING, spare: Callable[[], float] = lambda: 0.0) -> AsyncIterator[Line]:
    """A player on a server that has said this; `spare` says for how long nothing is needed."""
    accepted: asyncio.Queue[asyncio.StreamWriter] = asyncio.Queue()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(said)
        accepted.put_nowait(writer)
        await reader.read()

    async with await asyncio.start_server(accept, HOST, 0) as server:
        events = pull(HOST, server.sockets[0].getsockname()[1], "live", "room", "", spare)
        first = asyncio.ensure_future(anext(events))
        writer = await accepted.get()

        async def all_events() -> AsyncIterator[Sequence[rtmp.Event]]:
            yield await first
            async for more in events:
                yield more

        try:
            yield Line(writer, all_events())
        finally:
            first.cancel()
            writer.close()


async def test_everything_is_heard_until_the_server_closes() -> None:
    async with playing(BROADCAST) as line:
        line.server.write_eof()
        heard = [event async for events in line.events for event in events]

    assert heard == BROADCAST_EVENTS


async def test_sound_alone_wakes_nobody_and_comes_with_the_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(puller, "PATIENCE_SECONDS", LONG_SECONDS)
    async with playing(PLAYING + PICTURE) as line:
        assert [*await line.hear()] == ["PlayStarted", "video"]
        hearing = asyncio.ensure_future(line.hear())
        line.server.write(SOUND)
        await asyncio.sleep(MOMENT)
        assert not hearing.done()
        line.server.write(PICTURE)
        assert await hearing == ["audio", "video"]


async def test_sound_is_heard_without_a_picture_after_a_moment() -> None:
    async with playing(PLAYING + PICTURE) as line:
        assert await line.hear() == ["PlayStarted", "video"]
        for _ in range(3):
            line.server.write(SOUND)
            assert await line.hear() == ["audio"]


async def test_small_pictures_are_heard_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(puller, "PATIENCE_SECONDS", LONG_SECONDS)
    async with playing(PLAYING + PICTURE + SMALL_PICTURE) as line:
        assert await line.hear() == ["PlayStarted", "video", "video"]
        for _ in range(3):
            line.server.write(SMALL_PICTURE)
            assert await line.hear() == ["video"]


@pytest.mark.parametrize("picture", [PICTURE, SMALL_PICTURE])
async def test_pictures_that_are_not_needed_yet_come_together_when_the_rest_is_over(picture: bytes) -> None:
    rests = [3 * MOMENT, 0.0]
    async with playing(PLAYING + picture, lambda: rests.pop(0)) as line:
        assert await line.hear() == ["PlayStarted", "video"]
        hearing = asyncio.ensure_future(line.hear())
        for _ in range(2):
            await asyncio.sleep(MOMENT)
            assert not hearing.done()
            line.server.write(picture)
        assert await hearing == ["video", "video"]


async def test_a_rest_ends_when_more_waits_than_may(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(puller, "REST_BYTES", 2 * ENOUGH_BYTES)
    async with playing(PLAYING + PICTURE, lambda: LONG_SECONDS) as line:
        assert await line.hear() == ["PlayStarted", "video"]
        line.server.write(PICTURE * 3)
        assert await line.hear() == ["video"] * 3


async def test_a_rest_ends_with_the_connection() -> None:
    async with playing(PLAYING + PICTURE, lambda: LONG_SECONDS) as line:
        assert await line.hear() == ["PlayStarted", "video"]
        line.server.write(SMALL_PICTURE)
        line.server.write_eof()
        heard = [event async for events in line.events for event in events]
    assert [type(event) for event in heard] == [MediaTag]


async def test_what_is_said_before_media_comes_is_heard_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(puller, "PATIENCE_SECONDS", LONG_SECONDS)
    async with playing(PLAYING) as line:
        assert await line.hear() == [PlayStarted.__name__]
        line.server.write(SOUND)
        assert await line.hear() == ["audio"]


@pytest.mark.parametrize(("ahead", "is_bounded"), [(AHEAD, True), (1 << 30, False)])
async def test_no_more_is_kept_than_may_be_read_ahead(
    monkeypatch: pytest.MonkeyPatch, ahead: int, is_bounded: bool
) -> None:
    monkeypatch.setattr(puller, "READ_AHEAD_BYTES", ahead)
    count, one_read = 8_000, 1 << 18
    async with playing(PLAYING + PICTURE * count) as line:
        line.server.write_eof()
        sizes = []
        async for events in line.events:
            sizes.append(sum(len(event.payload) for event in events if isinstance(event, MediaTag)))
            await asyncio.sleep(MOMENT / 2)  # a worker that has other things to do

    assert sum(sizes) == count * (ENOUGH_BYTES + 2)
    assert (max(sizes) <= AHEAD + one_read) == is_bounded


class Wire(asyncio.Transport):
    """Stands in for a connection whose other end does not read."""

    def __init__(self) -> None:
        super().__init__()
        self.reads = True

    def write(self, data: bytes | bytearray | memoryview) -> None:
        pass

    def is_closing(self) -> bool:
        return False

    def is_reading(self) -> bool:
        return self.reads

    def pause_reading(self) -> None:
        self.reads = False

    def resume_reading(self) -> None:
        self.reads = True


async def test_server_that_does_not_read_our_answers_is_not_read_either() -> None:
    player, line = puller.Player(rtmp.PlaySession("live", "rtmp://host/live", "room"), lambda: 0.0), Wire()
    player.connection_made(line)
    player.pause_writing()
    assert not line.reads
    player.data_received(PLAYING)
    await player.next_events()
    assert not line.reads
    player.resume_writing()
    assert line.reads


async def test_server_of_another_kind_is_an_rtmp_error() -> None:
    async with playing(b"HTTP/1.1 400 Bad Request\r\n\r\n") as line:
        with pytest.raises(RtmpError):
            await line.hear()


async def test_no_server_is_an_os_error() -> None:
    with pytest.raises(OSError, match="refused|Connect call failed"):
        await anext(pull(HOST, free_port(), "live", "room", ""))
