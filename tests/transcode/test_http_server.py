"""The origin's HTTP/1.1 server: keep-alive, pipelining, bounds and time-outs, with a tiny application."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from transcode import http_server
from transcode.held_requests import HeldRequests
from transcode.http_answer import Answer, Wish
from transcode.http_server import Hold, Request, Server

HOST = "127.0.0.1"


class Bell:
    """A question that is answered when it has rung."""

    topic = "bell"

    def __init__(self) -> None:
        self.rung = False

    def answer(self, subject: None) -> Answer | None:
        return Answer(200, b"rang") if self.rung else None

    def too_late(self, subject: None) -> Answer:
        return Answer(503, b"silent")


class Echo:
    """`/now/…` is answered at once, `/later/…` by a coroutine, `/held` when the bell rings, `/broken` fails."""

    def __init__(self) -> None:
        self.held: HeldRequests[None] = HeldRequests(None)
        self.bell = Bell()
        self.hold_seconds = 5.0
        self.asked: list[Request] = []
        self.cancelled = 0

    def respond(self, request: Request) -> object:
        self.asked.append(request)
        if request.target.startswith(b"/later"):
            return self._later(request)
        if request.target == b"/held":
            return Hold(self.held, self.bell, self.hold_seconds)
        return Answer(200, request.target)

    async def _later(self, request: Request) -> Answer:
        try:
            await asyncio.sleep(0 if request.target != b"/later/never" else 60)
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        if request.target == b"/later/broken":
            raise ValueError("broken on purpose")
        return Answer(200, request.target)

    def ring(self) -> None:
        self.bell.rung = True
        self.held.wake("bell")


class Client:
    """Speaks bytes."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    def ask(self, *targets: str, method: str = "GET", headers: str = "") -> None:
        for target in targets:
            self.writer.write(f"{method} {target} HTTP/1.1\r\nHost: x\r\n{headers}\r\n".encode())

    async def answer(self) -> tuple[int, bytes]:
        head = (await asyncio.wait_for(self.reader.readuntil(b"\r\n\r\n"), 5)).decode()
        fields = dict(line.split(": ", 1) for line in head.split("\r\n")[1:] if line)
        body = await self.reader.readexactly(int(fields.get("Content-Length", 0)))
        return int(head.split()[1]), body

    async def rest(self) -> bytes:
        """Until the server closes."""
        return await asyncio.wait_for(self.reader.read(), 5)


@asynccontextmanager
async def running() -> AsyncIterator[tuple[Echo, Server, int]]:
    echo = Echo()
    server = Server(echo)  # type: ignore[arg-type]  # what Echo.respond gives is one of the three
    await server.start(host=HOST, port=0)
    assert server._listener is not None
    try:
        yield echo, server, server._listener.sockets[0].getsockname()[1]
    finally:
        await server.stop()


@pytest.fixture
async def served() -> AsyncIterator[tuple[Echo, Server, Client]]:
    async with running() as (echo, server, port):
        reader, writer = await asyncio.open_connection(HOST, port)
        yield echo, server, Client(reader, writer)
        writer.close()


Served = tuple[Echo, Server, Client]


async def until(holds: Callable[[], object]) -> None:
    async with asyncio.timeout(5):
        while not holds():  # noqa: ASYNC110  what is waited for has no event
            await asyncio.sleep(0.01)


async def test_connection_serves_many_requests(served: Served) -> None:
    _, _, client = served
    for number in range(3):
        client.ask(f"/now/{number}")
        assert await client.answer() == (200, f"/now/{number}".encode())


async def test_pipelined_requests_are_answered_in_order(served: Served) -> None:
    """Also when a later one could be answered sooner."""
    echo, _, client = served
    client.ask("/later/1", "/now/2", "/held", "/now/4")
    assert [await client.answer() for _ in range(2)] == [(200, b"/later/1"), (200, b"/now/2")]
    assert len(echo.held) == 1
    assert b"/now/4" not in [request.target for request in echo.asked]
    echo.ring()
    assert [await client.answer() for _ in range(2)] == [(200, b"rang"), (200, b"/now/4")]


async def test_request_may_come_byte_by_byte(served: Served) -> None:
    _, _, client = served
    for byte in b"GET /now/slow HTTP/1.1\r\nHost: x\r\n\r\n":
        client.writer.write(bytes([byte]))
        await client.writer.drain()
    assert await client.answer() == (200, b"/now/slow")


async def test_head_has_no_body(served: Served) -> None:
    _, _, client = served
    client.ask("/now/head", method="HEAD", headers="Connection: close\r\n")
    answer = await client.rest()
    assert b"Content-Length: 9\r\n" in answer
    assert answer.endswith(b"\r\n\r\n")


@pytest.mark.parametrize(
    "headers", ["Connection: close\r\n", "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"]
)
async def test_last_request_is_answered_before_the_connection_closes(served: Served, headers: str) -> None:
    _, _, client = served
    client.ask("/now/last", headers=headers)
    status, body = await client.answer()
    assert (status, body) == (200, b"/now/last")
    if "close" in headers:
        assert await client.rest() == b""


async def test_connection_that_is_asked_to_close_says_so(served: Served) -> None:
    _, _, client = served
    client.ask("/now/last", headers="Connection: close\r\n")
    assert b"Connection: close\r\n" in await client.rest()


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"nonsense\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nbad header\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello", b"413"),
        (b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", b"414"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 20_000, b"400"),
    ],
)
async def test_nonsense_is_refused_and_the_connection_ends(served: Served, request_bytes: bytes, status: bytes) -> None:
    echo, _, client = served
    client.writer.write(request_bytes + b"GET /now/after HTTP/1.1\r\nHost: x\r\n\r\n")
    answer = await client.rest()
    assert answer.startswith(b"HTTP/1.1 " + status)
    assert answer.count(b"HTTP/1.1 ") == 1
    assert echo.asked == []


async def test_too_many_pipelined_requests_end_the_connection(served: Served) -> None:
    echo, _, client = served
    client.ask("/held", *["/now/x"] * (http_server.MAX_PIPELINED + 1))
    with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
        await client.answer()
    await until(lambda: len(echo.held) == 0)


async def test_failure_of_the_application_is_a_500_and_the_connection_goes_on(served: Served) -> None:
    _, _, client = served
    client.ask("/later/broken", "/now/2")
    assert (await client.answer())[0] == 500
    assert await client.answer() == (200, b"/now/2")


async def test_all_who_wait_get_the_same_bytes() -> None:
    async with running() as (echo, _, port):
        clients = [Client(*await asyncio.open_connection(HOST, port)) for _ in range(50)]
        for client in clients:
            client.ask("/held")
        await until(lambda: len(echo.held) == 50)
        echo.ring()
        assert {await client.answer() for client in clients} == {(200, b"rang")}
        for client in clients:
            client.writer.close()


async def test_who_waited_long_enough_is_told_so(served: Served) -> None:
    echo, _, client = served
    echo.hold_seconds = 0.05
    client.ask("/held")
    assert await client.answer() == (503, b"silent")
    assert len(echo.held) == 0


async def test_each_waits_its_own_time() -> None:
    """The second asks the same question later, and is answered later."""
    async with running() as (echo, _, port):
        echo.hold_seconds = 0.1
        first, second = [Client(*await asyncio.open_connection(HOST, port)) for _ in range(2)]
        first.ask("/held")
        await until(lambda: len(echo.held) == 1)
        echo.hold_seconds = 0.6
        second.ask("/held")
        assert await first.answer() == (503, b"silent")
        assert len(echo.held) == 1
        echo.ring()
        assert await second.answer() == (200, b"rang")
        for client in (first, second):
            client.writer.close()


async def test_client_that_hangs_up_is_forgotten(served: Served) -> None:
    """A-113"""
    echo, server, client = served
    client.ask("/held")
    await until(lambda: len(echo.held) == 1)
    client.writer.close()
    await until(lambda: not server.connections)
    assert len(echo.held) == 0


async def test_work_for_a_client_that_hangs_up_ends(served: Served) -> None:
    echo, _, client = served
    client.ask("/later/never")
    await until(lambda: echo.asked)
    client.writer.close()
    await until(lambda: echo.cancelled)


async def test_connection_that_never_finishes_its_request_is_ended(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Slowloris: bytes keep coming, but the request does not end."""
    monkeypatch.setattr(http_server, "HEAD_SECONDS", 0.1)
    monkeypatch.setattr(http_server, "SWEEP_SECONDS", 0.05)
    async with running() as (_, server, port):
        reader, writer = await asyncio.open_connection(HOST, port)
        writer.write(b"GET / HTTP/1.1\r\nX: ")
        while server.connections or not reader.at_eof():
            try:
                writer.write(b"a")
                await asyncio.wait_for(reader.read(1), 0.02)
            except TimeoutError:
                continue
            except ConnectionError:
                break
        assert not server.connections


async def test_held_request_outlives_the_time_outs(monkeypatch: pytest.MonkeyPatch) -> None:
    """The control for the test above: waiting for the bell is not idling."""
    for name in ("HEAD_SECONDS", "IDLE_SECONDS", "SWEEP_SECONDS"):
        monkeypatch.setattr(http_server, name, 0.05)
    async with running() as (echo, server, port):
        client = Client(*await asyncio.open_connection(HOST, port))
        client.ask("/held")
        swept = server.time() + 0.3
        await until(lambda: server.time() > swept)
        echo.ring()
        assert await client.answer() == (200, b"rang")
        client.writer.close()


@pytest.mark.parametrize(
    ("known", "status"), [(b"", 200), (b'"x"', 200), (b"*", 304), (b'"2d2b5f81"', 304), (b'"x", W/"2d2b5f81"', 304)]
)
def test_answer_that_the_client_has_already_is_not_sent_again(known: bytes, status: int) -> None:
    tag = Answer(200, b"body").wire(Wish()).split(b"ETag: ")[1].split(b"\r\n")[0]
    wire = Answer(200, b"body").wire(Wish(known=known.replace(b'"2d2b5f81"', tag)))
    assert wire.startswith(b"HTTP/1.1 %d " % status)
    assert wire.endswith(b"body") is (status == 200)
