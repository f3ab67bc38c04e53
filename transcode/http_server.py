"""A small HTTP/1.1 server for answers that are made before they are asked for: GET and HEAD, nothing streamed.

An ASGI server starts a task for each request and sends it a dozen dictionaries; with thousands of viewers who all
wait for the same part that is most of the work. Here a held request is an entry in a dictionary, and a connection
writes bytes that were made once. Parsing is httptools' (llhttp).
"""

import asyncio
import logging
from collections import deque
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, NamedTuple, Protocol

import httptools

from transcode.held_requests import HeldRequests, Question
from transcode.http_answer import Answer, Wish

log = logging.getLogger(__name__)

MAX_CONNECTIONS = 40_000
MAX_HEAD_BYTES = 16_384  # of one request: request line and header
MAX_TARGET_BYTES = 8_192
MAX_PIPELINED = 16  # requests that wait for their turn on one connection
HEAD_SECONDS = 10.0  # from a request's first byte to its last
IDLE_SECONDS = 75.0  # between two requests; longer than the edge keeps a connection
SEND_SECONDS = 30.0  # for a client to take what it asked for
SWEEP_SECONDS = 2.0

REFUSED = Answer(400, b"This is not a request that this server understands.", max_age=None)
NO_BODIES = Answer(413, b"Only GET, without a body.", max_age=None)
TOO_LONG = Answer(414, b"The address is too long.", max_age=None)
BROKEN = Answer(500, b"Something broke here.", max_age=None)


class Request(NamedTuple):
    """What a client asked for. `target` is path and query as they came."""

    method: bytes
    target: bytes
    wish: Wish
    headers: dict[bytes, bytes]  # lower case, only those in KEPT_HEADERS


class Hold(NamedTuple):
    """Instead of an answer: wait with others for the same one."""

    requests: HeldRequests[Any]
    question: Question[Any]
    seconds: float


Outcome = Answer | Hold
KEPT_HEADERS = frozenset({b"accept-encoding", b"if-none-match", b"range", b"x-sendfile-prefix"})


class Application(Protocol):
    """Who answers. A coroutine is for what needs waiting of its own kind; it ends when the client hangs up."""

    def respond(self, request: Request) -> "Outcome | Coroutine[Any, Any, Outcome]":
        """Must not block and must not raise."""


class Connection(asyncio.Protocol):
    """One client. Requests on it are answered in order, one at a time."""

    def __init__(self, server: "Server") -> None:
        self._server = server
        self._parser = httptools.HttpRequestParser(self)
        self._transport: asyncio.Transport
        self._waiting: deque[Request | Answer] = deque()
        self._wish: Wish | None = None  # of the request that is being answered
        self._hold: Hold | None = None
        self._task: asyncio.Task[None] | None = None
        self._received = 0  # bytes since the last whole request
        self._stopped = False  # nothing more is read: a bad request, or the last one
        self._congested = False
        self.deadline: float | None = None

    # --- asyncio's side

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]  # TCP gives a Transport
        self._server.connections.add(self)
        if len(self._server.connections) > MAX_CONNECTIONS:
            self._transport.abort()
        self._expect(HEAD_SECONDS)

    def connection_lost(self, error: Exception | None) -> None:
        self._server.connections.discard(self)
        self._stopped = True
        self._waiting.clear()
        if self._hold is not None:
            self._hold.requests.forget(self._hold.question, self)
            self._hold = None
        if self._task is not None:
            self._task.cancel()

    def data_received(self, data: bytes) -> None:
        if self._stopped:
            return
        self._received += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._stopped = True  # an offer of another protocol: answered, not taken up
        except httptools.HttpParserError:
            self._refuse(REFUSED)
        if self._received > MAX_HEAD_BYTES:
            self._refuse(REFUSED)

    def eof_received(self) -> bool:
        return False  # who closes one half is gone

    def pause_writing(self) -> None:
        self._congested = True
        self._expect(SEND_SECONDS)

    def resume_writing(self) -> None:
        self._congested = False
        self._expect(IDLE_SECONDS)
        self._next()

    # --- httptools' side

    def on_message_begin(self) -> None:
        self._target, self._head_bytes = b"", 0
        self._headers: dict[bytes, bytes] = {}
        if self._wish is None:
            self._expect(HEAD_SECONDS)

    def on_url(self, url: bytes) -> None:
        self._target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self._head_bytes += len(name) + len(value)
        name = name.lower()
        if name in KEPT_HEADERS:
            self._headers[name] = value

    def on_body(self, body: bytes) -> None:
        self._refuse(NO_BODIES)

    def on_message_complete(self) -> None:
        self._received = 0
        if self._stopped:
            return
        method, keep_alive = self._parser.get_method(), self._parser.should_keep_alive()
        if len(self._target) > MAX_TARGET_BYTES or self._head_bytes > MAX_HEAD_BYTES:
            self._refuse(TOO_LONG if len(self._target) > MAX_TARGET_BYTES else REFUSED)
            return
        accepted, known = self._headers.get(b"accept-encoding", b""), self._headers.get(b"if-none-match", b"")
        wish = Wish(accepts_gzip(accepted), method == b"HEAD", keep_alive, known)
        self._stopped = self._stopped or not keep_alive
        self._enqueue(Request(method, self._target, wish, self._headers))

    # --- Answering

    def give(self, answer: Answer) -> None:
        """Send the answer to the request that is being answered, then take the next one."""
        self._send(answer)
        self._next()

    def _enqueue(self, request: Request | Answer) -> None:
        if len(self._waiting) >= MAX_PIPELINED:
            self._stopped = True
            self._transport.abort()
            return
        self._waiting.append(request)
        self._next()

    def _refuse(self, answer: Answer) -> None:
        """After what was asked before; the rest of what this client says has no meaning."""
        if not self._stopped:
            self._stopped = True
            self._enqueue(answer)

    def _next(self) -> None:
        while self._waiting and self._wish is None and not self._congested:
            entry = self._waiting.popleft()
            if isinstance(entry, Answer):
                self._wish = Wish(keep_alive=False)
                self._send(entry)
            else:
                self._wish, self.deadline = entry.wish, None
                self._take(self._server.application.respond(entry))

    def _take(self, outcome: "Outcome | Coroutine[Any, Any, Outcome]") -> None:
        if isinstance(outcome, Answer):
            self._send(outcome)
        elif isinstance(outcome, Hold):
            self._hold = outcome
            outcome.requests.hold(outcome.question, self, outcome.seconds)
        else:
            self._task = asyncio.create_task(self._wait_for(outcome))

    async def _wait_for(self, work: Coroutine[Any, Any, Outcome]) -> None:
        try:
            outcome: Outcome = await work
        except Exception:
            log.exception("a request could not be answered")
            outcome = BROKEN
        self._task = None
        self._take(outcome)
        self._next()

    def _send(self, answer: Answer) -> None:
        assert self._wish is not None  # noqa: S101  a request is being answered
        wish, self._wish, self._hold = self._wish, None, None
        if self._transport.is_closing():
            return
        self._expect(IDLE_SECONDS)
        self._transport.write(answer.wire(wish))
        if not wish.keep_alive:
            self._transport.close()

    def _expect(self, seconds: float) -> None:
        self.deadline = self._server.time() + seconds

    def end(self) -> None:
        self._transport.abort()


class Server:
    """Listens, and ends connections that keep it waiting."""

    def __init__(self, application: Application) -> None:
        self.application = application
        self.connections: set[Connection] = set()
        self._listener: asyncio.Server | None = None
        self._sweeper: asyncio.Task[None] | None = None
        self.time = asyncio.get_running_loop().time

    async def start(self, *, host: str, port: int, backlog: int = 4096) -> None:
        loop = asyncio.get_running_loop()
        self._listener = await loop.create_server(lambda: Connection(self), host, port, backlog=backlog)
        self._sweeper = asyncio.create_task(self._sweep())

    async def stop(self) -> None:
        """End what is left: who was held was given an answer before."""
        if self._listener is not None:
            self._listener.close()
        if self._sweeper is not None:
            self._sweeper.cancel()
            with suppress(asyncio.CancelledError):
                await self._sweeper
        for connection in list(self.connections):
            connection.end()

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            now = self.time()
            for connection in list(self.connections):
                if connection.deadline is not None and connection.deadline < now:
                    connection.end()


def accepts_gzip(header: bytes) -> bool:
    """Whether Accept-Encoding allows gzip (RFC 9110 §12.5.3)."""
    known = _ACCEPTS.get(header)
    if known is None:
        known = _read_accept_encoding(header)
        if len(_ACCEPTS) < MAX_REMEMBERED:
            _ACCEPTS[header] = known
    return known


MAX_REMEMBERED = 256  # browsers send a handful of different ones
_ACCEPTS: dict[bytes, bool] = {}


def _read_accept_encoding(header: bytes) -> bool:
    weights: dict[bytes, float] = {}
    for entry in header.lower().split(b","):
        coding, _, parameter = entry.partition(b";")
        try:
            weights[coding.strip()] = float(parameter.strip().removeprefix(b"q=")) if parameter else 1.0
        except ValueError:
            return False
    return weights.get(b"gzip", weights.get(b"x-gzip", weights.get(b"*", 0.0))) > 0
