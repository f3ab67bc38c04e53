"""Thousands of chat tabs in one process, which come back as browsers do; bench.chat_storm starts and asks it.

The first line on stdin is JSON: port, channel_id, sessions (null for who is not signed in), tokens of those who speak.
Prints "ready" once all are in the room. Then each line is answered by one of JSON: "storm" forgets what was counted,
"count" tells it. Times are of the monotonic clock, which is the same in all processes.
"""

import asyncio
import base64
import json
import os
import random
import re
import resource
import sys
import time
from dataclasses import dataclass
from typing import Any

import uvloop

# As static/js/shared/live_socket.js has them.
FIRST_DELAY_SECONDS, LONGEST_DELAY_SECONDS, DEAD_AFTER_SECONDS = 0.3, 10.0, 8.0
AT_ONCE = 200  # on their way in when the room fills: that is not what is measured
SAID_EVERY_SECONDS = 0.5
CLOSE, PING = 8, 9
PONG_FRAME, CLOSE_FRAME = bytes((0x8A, 0x80, 0, 0, 0, 0)), bytes((0x88, 0x80, 0, 0, 0, 0))
ROOM_EVENT = re.compile(rb'\{"type":"[a-z_]+","seq":(\d+)')


@dataclass(frozen=True)
class Heard:
    """What one read from the network held."""

    seqs: tuple[int, ...]
    hello: bytes  # or nothing
    gap: bool
    ping: bool
    close: bool
    rest: bytes  # the beginning of a frame that is not all there


def parse(data: bytes) -> Heard:
    """A server's frames: not masked, not fragmented."""
    seqs, opcodes, hello, gap, place = list[int](), set[int](), b"", False, 0
    while len(data) - place >= 2:
        size, head = data[place + 1], place + 2
        if size >= 126:
            wide = 2 if size == 126 else 8
            size, head = int.from_bytes(data[head : head + wide]), head + wide
        if head + size > len(data):
            break
        opcodes.add(data[place] & 15)
        if found := ROOM_EVENT.match(data, head, head + size):
            seqs.append(int(found[1]))
        elif data.startswith(b'{"type":"hello"', head):
            hello = data[head : head + size]
        else:
            gap |= data.startswith(b'{"type":"gap"', head)
        place = head + size
    return Heard(tuple(seqs), hello, gap, PING in opcodes, CLOSE in opcodes, data[place:])


class Crowd:
    """All tabs, and what happened to them since the last storm began."""

    def __init__(self, plan: dict[str, Any]) -> None:
        self.port, self.path = int(plan["port"]), f"/api/v1/chat/{plan['channel_id']}"
        signed = [f"Cookie: sessionid={session}" if session else "" for session in plan["sessions"]]
        self.writers = [Tab(self, f"Authorization: Bearer {token}") for token in plan["tokens"]]
        self.tabs = [*(Tab(self, header) for header in signed), *self.writers]
        self.newest = 0
        self.last: tuple[bytes, Heard] = (b"", parse(b""))
        self.storm()

    def storm(self) -> None:
        """From now on one is back who was away, was greeted again, and saw something said from now on."""
        self.mark, self.back = self.newest, list[float]()
        self.refused = self.denied = self.hung = self.missed = self.strangers = 0
        self.first_hello = 0.0
        for tab in self.tabs:
            tab.was_away = tab.is_back = False

    def count(self) -> dict[str, Any]:
        names = ("back", "refused", "denied", "hung", "missed", "strangers", "first_hello")
        return {name: getattr(self, name) for name in names} | {"tabs": len(self.tabs)}

    def parse(self, data: bytes) -> Heard:
        """Everybody is told the same bytes: they are taken apart once."""
        if data != self.last[0]:
            self.last = data, parse(data)
        return self.last[1]

    async def fill(self) -> None:
        waiting = iter(self.tabs)

        async def go_in() -> None:
            for tab in waiting:
                tab.open()
                await tab.first_greeted.wait()

        await asyncio.gather(*(go_in() for _ in range(AT_ONCE)))

    async def speak(self) -> None:
        """One of the writers who are there, so that everybody who comes back sees something soon."""
        for number in range(10**9):
            await asyncio.sleep(SAID_EVERY_SECONDS)
            if there := [writer for writer in self.writers if writer.greeted]:
                random.choice(there).say(f"this is message {number}")


class Tab:
    """One browser's chat."""

    def __init__(self, crowd: Crowd, header: str) -> None:
        self.crowd, self._header = crowd, header
        self.attempts = 0
        self.seq: int | None = None
        self.greeted = self.was_away = self.is_back = False
        self.first_greeted = asyncio.Event()
        self.connection: Connection | None = None

    def open(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._open())

    async def _open(self) -> None:
        connection = self.connection = Connection(self)
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(DEAD_AFTER_SECONDS):
                await loop.create_connection(lambda: connection, "127.0.0.1", self.crowd.port)
                await connection.upgraded
        except TimeoutError:
            self.crowd.hung += 1
        except DeniedError:
            self.crowd.denied += 1
        except OSError:
            self.crowd.refused += 1
        else:
            return
        connection.give_up()
        self._come_back()

    def lost(self) -> None:
        """A connection that was open has ended."""
        self.greeted, self.was_away = False, True
        self._come_back()

    def _come_back(self) -> None:
        self.attempts += 1
        ceiling = min(FIRST_DELAY_SECONDS * 2 ** (self.attempts - 1), LONGEST_DELAY_SECONDS)
        asyncio.get_running_loop().call_later(ceiling / 2 * (1 + random.random()), self.open)

    def request(self) -> bytes:
        host = f"127.0.0.1:{self.crowd.port}"
        since = "" if self.seq is None else f"?since={self.seq}"
        lines = [
            f"GET {self.crowd.path}{since} HTTP/1.1",
            f"Host: {host}",
            f"Origin: http://{host}",
            "Upgrade: websocket",
            "Connection: Upgrade",
            f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}",
            "Sec-WebSocket-Version: 13",
            *([self._header] if self._header else []),
        ]
        return ("\r\n".join(lines) + "\r\n\r\n").encode()

    def hear(self, heard: Heard) -> None:
        crowd = self.crowd
        if heard.hello:
            self.greeted, self.attempts = True, 0
            self.first_greeted.set()
            crowd.strangers += bool(self._header) and b'"you":null' in heard.hello
            crowd.first_hello = crowd.first_hello or time.monotonic()
        crowd.missed += heard.gap
        for seq in heard.seqs:
            if self.seq is not None and seq > self.seq + 1:
                crowd.missed += seq - self.seq - 1
            self.seq = max(seq, self.seq or 0)
        crowd.newest = max(crowd.newest, self.seq or 0)
        if self.was_away and not self.is_back and self.greeted and (self.seq or 0) > crowd.mark:
            self.is_back = True
            crowd.back.append(time.monotonic())

    def say(self, text: str) -> None:
        if self.greeted and self.connection:
            payload = json.dumps({"type": "say", "text": text}).encode()  # short; the mask is zero
            self.connection.transport.write(bytes((0x81, 0x80 | len(payload), 0, 0, 0, 0)) + payload)


class DeniedError(Exception):
    """Answered, but not with 101."""


class Connection(asyncio.Protocol):
    """One attempt of a tab."""

    def __init__(self, tab: Tab) -> None:
        self._tab = tab
        self._received = b""
        self._open = False
        self.upgraded: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]  # TCP gives a Transport
        self.transport.write(self._tab.request())

    def give_up(self) -> None:
        self.upgraded.cancel()
        if hasattr(self, "transport"):
            self.transport.abort()

    def data_received(self, data: bytes) -> None:
        if self._received:
            data = self._received + data
        if not self._open:
            head, end, data = data.partition(b"\r\n\r\n")
            if not end:
                self._received = head
                return
            if self.upgraded.done():  # too late, or denied
                return
            if not head.startswith(b"HTTP/1.1 101"):
                self.upgraded.set_exception(DeniedError(head.split(b"\r\n")[0].decode()))
                return
            self._open = True
            self.upgraded.set_result(None)
        heard = self._tab.crowd.parse(data)
        self._received = heard.rest
        self._tab.hear(heard)
        if heard.ping:
            self.transport.write(PONG_FRAME)
        if heard.close:
            self.transport.write(CLOSE_FRAME)

    def connection_lost(self, error: Exception | None) -> None:
        if self._open:
            self._tab.lost()
        elif not self.upgraded.done():
            self.upgraded.set_exception(ConnectionResetError("closed before it was a WebSocket"))


async def main() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    lines = asyncio.StreamReader(limit=2**24)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    crowd = Crowd(json.loads(await lines.readline()))
    await crowd.fill()
    speaking = asyncio.create_task(crowd.speak())
    print("ready", flush=True)
    while word := (await lines.readline()).strip():
        if word == b"storm":
            crowd.storm()
        print(json.dumps(crowd.count()), flush=True)
    speaking.cancel()


if __name__ == "__main__":
    uvloop.run(main())
