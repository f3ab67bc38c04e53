"""Writers who do not give up and readers who come back, light enough for a thousand of them in one process."""

import asyncio
import base64
import json
import os
import random
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Self

from tests.chat.order.checker import Acked, Seen, text_of

ANSWER_SECONDS = 3.0  # after it a writer says it again
CONNECT_SECONDS = 5.0
RETRY_SECONDS = 0.05
PONG = b"\x8a\x80\0\0\0\0"
PARSED_KEPT = 512
Json = dict[str, Any]
_parsed: dict[bytes, tuple[list[Json], int]] = {}  # readers of one room get the same bytes: they are parsed once


class Line(asyncio.Protocol):
    """One WebSocket. `heard` gets every JSON message; `closed` is done when it ends."""

    def __init__(self, request: bytes, heard: Callable[[Json], None]) -> None:
        self._request, self._heard = request, heard
        self._rest = b""
        self._open = False
        self.transport: asyncio.Transport
        self.closed: asyncio.Future[Json] = asyncio.get_running_loop().create_future()

    @classmethod
    async def connect(cls, port: int, path: str, token: str | None, heard: Callable[[Json], None]) -> Self:
        """Raises OSError where nobody listens."""
        key = base64.b64encode(os.urandom(16)).decode()
        lines = [
            f"GET {path} HTTP/1.1",
            f"Host: 127.0.0.1:{port}",
            "Upgrade: websocket",
            "Connection: Upgrade",
            f"Sec-WebSocket-Key: {key}",
            "Sec-WebSocket-Version: 13",
            *([f"Authorization: Bearer {token}"] if token else []),
        ]
        request = ("\r\n".join(lines) + "\r\n\r\n").encode()
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(CONNECT_SECONDS):
            _, line = await loop.create_connection(lambda: cls(request, heard), "127.0.0.1", port)
        return line

    def send(self, body: Json) -> None:
        """A masked text frame; the mask is zero."""
        payload = json.dumps(body).encode()
        size = bytes((0x80 | len(payload),)) if len(payload) < 126 else b"\xfe" + len(payload).to_bytes(2, "big")
        self.transport.write(b"\x81" + size + bytes(4) + payload)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]  # TCP gives a Transport
        self.transport.write(self._request)

    def connection_lost(self, error: Exception | None) -> None:
        if not self.closed.done():
            self.closed.set_result({})

    def data_received(self, data: bytes) -> None:
        if not self._open:
            head, end, data = (self._rest + data).partition(b"\r\n\r\n")
            if not end:
                self._rest = head
                return
            self._rest, self._open = b"", True
            if b" 101 " not in head.partition(b"\r\n")[0]:
                self.transport.close()
                return
        events, used = _parse(self._rest + data)
        self._rest = (self._rest + data)[used:]
        for event in events:
            if event["type"] == "ping":
                self.transport.write(PONG)
            elif event["type"] == "close":
                self.transport.close()
            else:
                self._heard(event)


def _parse(data: bytes) -> tuple[list[Json], int]:
    """The whole frames in `data`, and how many bytes they are."""
    known = _parsed.get(data)
    if known is not None:
        return known
    events: list[Json] = []
    start = 0
    while len(data) >= start + 2:
        size, body = data[start + 1], start + 2
        if size == 126:
            size, body = int.from_bytes(data[body : body + 2], "big"), body + 2
        if len(data) < body + size or len(data) < body:
            break
        kind = data[start] & 0x0F
        if kind == 1:
            events.append(json.loads(data[body : body + size]))
        else:
            events.append({"type": {8: "close", 9: "ping"}.get(kind, "pong")})
        start = body + size
    if len(_parsed) >= PARSED_KEPT:
        _parsed.clear()
    _parsed[data] = events, start
    return events, start


class Client:
    """Comes back whenever its connection ends, to any gateway that listens."""

    def __init__(self, ports: list[int], room_id: int, token: str | None, chance: random.Random) -> None:
        self._ports, self._room_id, self._token, self._chance = ports, room_id, token, chance
        self._line: Line | None = None
        self.connects = 0

    @property
    def path(self) -> str:
        return f"/api/v1/chat/{self._room_id}"

    def heard(self, event: Json) -> None:
        raise NotImplementedError

    async def line(self) -> Line:
        """An open connection."""
        while self._line is None or self._line.closed.done():
            try:
                self._line = await Line.connect(self._chance.choice(self._ports), self.path, self._token, self.heard)
                self.connects += 1
            except (OSError, TimeoutError):
                await asyncio.sleep(RETRY_SECONDS)
        return self._line

    def drop(self) -> None:
        """Lose the connection."""
        if self._line is not None:
            self._line.transport.abort()


class Reader(Client):
    """Keeps everything in the order of its arrival. `resumes`: it says what it has when it comes back."""

    def __init__(
        self, ports: list[int], room_id: int, chance: random.Random, known: dict[Seen, Seen], *, resumes: bool = True
    ) -> None:
        super().__init__(ports, room_id, None, chance)
        self.seen: list[Seen] = []
        self.last = 0
        self._known, self._resumes = known, resumes  # readers share equal entries

    @property
    def path(self) -> str:
        return super().path + (f"?since={self.last}" if self.last and self._resumes else "")

    def heard(self, event: Json) -> None:
        if event["type"] == "message":
            seen = Seen(event["seq"], event["id"], event["text"])
            self.seen.append(self._known.setdefault(seen, seen))
            self.last = seen.seq
        elif event["type"] == "gap" and event["last"] > self.last:  # too slow for a moment: it is still in the history
            self.drop()

    async def read(self) -> None:
        while True:
            line = await self.line()
            await asyncio.wait([line.closed])
            await asyncio.sleep(self._chance.uniform(0, RETRY_SECONDS))


class Writer(Client):
    """Says one thing after another, each until it is acknowledged.

    `forgets`: how often he takes an answer for lost and says it again. `nonces`: whether he marks it as the same.
    """

    def __init__(
        self,
        ports: list[int],
        room_id: int,
        token: str,
        chance: random.Random,
        number: int,
        *,
        forgets: float,
        nonces: bool = True,
    ) -> None:
        super().__init__(ports, room_id, token, chance)
        self.number = number
        self.acked: list[Acked] = []
        self._forgets, self._nonces = forgets, nonces
        self._answer: asyncio.Future[Json] | None = None
        self._nonce = ""

    def heard(self, event: Json) -> None:
        answers = event["type"] in {"ack", "refused"} and event.get("nonce") in {self._nonce, None}
        if answers and self._answer is not None and not self._answer.done():
            self._answer.set_result(event)

    async def write(self, per_second: float, goes_on: Callable[[float], bool]) -> None:
        """As long as it `goes_on` at a moment of the loop's clock."""
        loop = asyncio.get_running_loop()
        start, number = loop.time() + self._chance.uniform(0, 1 / per_second), 0
        while goes_on(start + number / per_second):
            await asyncio.sleep(start + number / per_second - loop.time())
            await self._say(number)
            number += 1

    async def _say(self, number: int) -> None:
        self._nonce = f"{self.number}-{number}"
        while True:
            answer = await self._try(text_of(self.number, number))
            if answer is None or (answer["type"] == "ack" and self._chance.random() < self._forgets):
                continue
            if answer["type"] == "ack":
                self.acked.append(Acked(self.number, number, answer["id"], answer["seq"]))
                return
            await asyncio.sleep(answer["retry_after"] or RETRY_SECONDS)

    async def _try(self, text: str) -> Json | None:
        """Say it once; None when no answer came."""
        line = await self.line()
        self._answer = asyncio.get_running_loop().create_future()
        line.send({"type": "say", "text": text, "nonce": self._nonce if self._nonces else None})
        with suppress(TimeoutError):
            async with asyncio.timeout(ANSWER_SECONDS):
                await asyncio.wait({self._answer, line.closed}, return_when=asyncio.FIRST_COMPLETED)
        return self._answer.result() if self._answer.done() else None
