"""A TCP proxy that spoils what an encoder sends to the ingest server, the same way for the same seed."""

import contextlib
import random
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from types import TracebackType
from typing import Self

READ_BYTES = 16_384
FLIPPED_SHARE = 1 / 20_000  # of all bytes: most messages stay whole, and each second has bad ones
MishapOfStream = Callable[[random.Random, Iterable[bytes]], Iterator[bytes]]


def flip_bits(rng: random.Random, pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Single bits, anywhere: chunk headers, lengths, pictures."""
    for piece in pieces:
        bent = bytearray(piece)
        for _ in range(_how_many(rng, len(piece))):
            bent[rng.randrange(len(bent))] ^= 1 << rng.randrange(8)
        yield bytes(bent)


def leave_out(rng: random.Random, pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Some bytes are missing."""
    for piece in pieces:
        if _how_many(rng, len(piece)):
            at = rng.randrange(len(piece))
            piece = piece[:at] + piece[at + rng.randrange(1, 200) :]
        yield piece


def repeat(rng: random.Random, pieces: Iterable[bytes]) -> Iterator[bytes]:
    for piece in pieces:
        yield piece
        if rng.random() < 0.02:
            yield piece[rng.randrange(len(piece)) :]


def reorder(rng: random.Random, pieces: Iterable[bytes]) -> Iterator[bytes]:
    """A piece comes after the one that follows it."""
    held = b""
    for piece in pieces:
        if held:
            yield piece
            yield held
            held = b""
        elif rng.random() < 0.02:
            held = piece
        else:
            yield piece
    yield held


def truncate(rng: random.Random, pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The connection ends somewhere in a message."""
    left = rng.randrange(1, 400_000)
    for piece in pieces:
        yield piece[:left]
        left -= len(piece)
        if left <= 0:
            return


def dribble(rng: random.Random, pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Every byte in a packet of its own, for a while."""
    for piece in pieces:
        if rng.random() < 0.3:
            yield from (piece[at : at + 1] for at in range(len(piece)))
        else:
            yield piece


def delay(rng: random.Random, pieces: Iterable[bytes]) -> Iterator[bytes]:
    for piece in pieces:
        if rng.random() < 0.05:
            time.sleep(rng.random())
        yield piece


MISHAPS: dict[str, MishapOfStream] = {
    "bits flipped": flip_bits,
    "bytes left out": leave_out,
    "pieces repeated": repeat,
    "pieces reordered": reorder,
    "cut off": truncate,
    "byte by byte": dribble,
    "delayed": delay,
}
HARMLESS = {"byte by byte", "delayed"}  # what TCP may do as well: nothing may be lost by it


def _how_many(rng: random.Random, size: int) -> int:
    expected = size * FLIPPED_SHARE
    return int(expected) + (rng.random() < expected % 1)


class HostileProxy:
    """Use as a context manager; encoders connect to `port`. The first `spared` bytes of each go through untouched."""

    def __init__(
        self, *, to_port: int, mishap: MishapOfStream, rng: random.Random, spared: int = 0, source: str = ""
    ) -> None:
        self._source_address = (source, 0) if source else None
        self._to_port, self._mishap, self._rng, self._spared = to_port, mishap, rng, spared
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._open: list[socket.socket] = [self._listener]
        self._threads = [threading.Thread(target=self._accept, daemon=True)]

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for one in self._open:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        for thread in self._threads:
            thread.join(timeout=5)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):  # closed by __exit__
            while True:
                encoder, _ = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", self._to_port), source_address=self._source_address)
                for one in (encoder, server):
                    one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._open += [encoder, server]
                spoilt = self._spoil(_received(encoder))
                for pieces, onward in ((spoilt, server), (_received(server), encoder)):
                    thread = threading.Thread(target=_carry, args=(pieces, onward), daemon=True)
                    self._threads.append(thread)
                    thread.start()

    def _spoil(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        spared = self._spared
        while spared > 0 and (piece := next(pieces, b"")):
            spared -= len(piece)
            yield piece
        yield from self._mishap(self._rng, pieces)


def _received(connection: socket.socket) -> Iterator[bytes]:
    with contextlib.suppress(OSError):
        while data := connection.recv(READ_BYTES):
            yield data


def _carry(pieces: Iterator[bytes], onward: socket.socket) -> None:
    """Until one of the two sides is gone; then the other one is told."""
    with contextlib.suppress(OSError):
        for piece in pieces:
            onward.sendall(piece)
    with contextlib.suppress(OSError):
        onward.shutdown(socket.SHUT_RDWR)
