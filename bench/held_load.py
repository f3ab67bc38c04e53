"""Viewers that do blocking reloads and perhaps fetch parts, as many as one core can play: plain epoll, nothing else."""

import gzip
import re
import select
import socket
import time
from dataclasses import dataclass, field

HINT = re.compile(rb'PRELOAD-HINT:TYPE=PART,URI="(\d+)-(\d+)\.(\d+)\.m4s"')
CONNECT_SECONDS = 30.0
RECEIVE_BYTES = 65_536


@dataclass
class Delivery:
    """One playlist that has arrived whole: which part was waited for, and when it was there."""

    rendition: str
    msn: int
    part: int
    at: float

    @property
    def what(self) -> tuple[str, int, int]:
        """The part: the same for all who waited for it."""
        return self.rendition, self.msn, self.part


@dataclass
class Reader:
    """One keep-alive connection that asks for the next playlist as soon as it has one."""

    sock: socket.socket
    path: str
    rendition: str
    msn: int = 0
    part: int = 0
    fetches: str = ""  # also "part": each new part; "hint": each part before it is there
    media: str = ""  # the part to ask for next, instead of a playlist
    received: bytearray = field(default_factory=bytearray)


class HeldLoad:
    """`count` connections to (host, port); each path gets `_HLS_msn` and `_HLS_part` added. `fetches`: in turn."""

    def __init__(
        self, address: tuple[str, int], paths: dict[str, str], count: int, *, fetches: tuple[str, ...] = ("",)
    ) -> None:
        self.parts = 0
        self.deliveries: list[Delivery] = []
        self.refused = 0
        self._address = address
        self._epoll = select.epoll()
        self._next: dict[bytes, tuple[str, int, int]] = {}  # body → what to ask next: all viewers get the same bodies
        self._readers: dict[int, Reader] = {}
        entries = list(paths.items())
        for number in range(count):
            rendition, path = entries[number % len(entries)]
            reader = Reader(self._connect(), path, rendition, fetches=fetches[number // len(entries) % len(fetches)])
            self._readers[reader.sock.fileno()] = reader
            self._epoll.register(reader.sock, select.EPOLLIN)

    def begin(self) -> None:
        """Everyone asks for the first time."""
        for reader in self._readers.values():
            self._ask(reader)

    def run(self, seconds: float) -> None:
        """Ask and read for so long."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            events = self._epoll.poll(0.05, len(self._readers))
            # First take everything that has come, so that the clock is read as soon as possible.
            arrived = [reader for descriptor, _ in events if self._receive(reader := self._readers[descriptor])]
            for reader in arrived:
                self._ask(reader)

    def close(self) -> None:
        for reader in self._readers.values():
            reader.sock.close()
        self._epoll.close()

    def _connect(self) -> socket.socket:
        sock = socket.create_connection(self._address, timeout=CONNECT_SECONDS)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setblocking(False)
        return sock

    def _ask(self, reader: Reader) -> None:
        target, reader.media = reader.media, ""
        query = f"?_HLS_msn={reader.msn}&_HLS_part={reader.part}" if reader.msn else ""
        request = f"GET {target or reader.path + query} HTTP/1.1\r\nHost: bench\r\nAccept-Encoding: gzip\r\n\r\n"
        reader.sock.send(request.encode())

    def _receive(self, reader: Reader) -> bool:
        """Whether the answer is complete now."""
        data = reader.sock.recv(RECEIVE_BYTES)
        if not data:
            raise ConnectionError("the server hung up")
        reader.received += data
        end = reader.received.find(b"\r\n\r\n")
        if end < 0:
            return False
        head = bytes(reader.received[:end])
        length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        if len(reader.received) < end + 4 + length:
            return False
        self._take(reader, head, bytes(reader.received[end + 4 :]))
        reader.received.clear()
        return True

    def _take(self, reader: Reader, head: bytes, body: bytes) -> None:
        if not head.startswith(b"HTTP/1.1 200"):
            self.refused += 1
            reader.msn = 0
            return
        if b"video/mp4" in head:
            self.parts += 1
            return
        if reader.msn:
            self.deliveries.append(Delivery(reader.rendition, reader.msn, reader.part, time.monotonic()))
        following = self._next.get(body)
        if following is None:
            text = gzip.decompress(body) if b"gzip" in head else body
            hint = HINT.findall(text)[-1]
            following = self._next[body] = (hint[0].decode(), int(hint[1]), int(hint[2]))
        epoch, msn, part = following
        if reader.fetches and reader.msn:
            wanted = (msn, part) if reader.fetches == "hint" else (reader.msn, reader.part)
            reader.media = reader.path.removesuffix("index.m3u8") + f"{epoch}-{wanted[0]}.{wanted[1]}.m4s"
        reader.msn, reader.part = msn, part
