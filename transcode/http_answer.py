"""What the origin says: HTTP/1.1 answers that are put into bytes once and written to many connections."""

import gzip
import time
import zlib
from dataclasses import dataclass, field
from email.utils import formatdate
from http import HTTPStatus
from typing import NamedTuple

COMPRESS_LEVEL = 5  # a playlist of 3 kB: 0.1 ms, once for all who ask
COMPRESS_FROM_BYTES = 256
PLAIN_TEXT = b"text/plain; charset=utf-8"
PLAYLIST_TYPE = b"application/vnd.apple.mpegurl"
DASH_TYPE = b"application/dash+xml"
SEGMENT_TYPE = b"video/mp4"
FOREVER_SECONDS = 31_536_000
_INCOMPRESSIBLE = (b"video/", b"image/", b"audio/")


class Wish(NamedTuple):
    """What may differ between two requests that get the same answer."""

    gzip: bool = False
    head: bool = False
    keep_alive: bool = True
    known: bytes = b""  # If-None-Match


@dataclass(eq=False)
class Answer:
    """One answer. `max_age` seconds, None for no caching at all."""

    status: int
    body: bytes = b""
    content_type: bytes = PLAIN_TEXT
    max_age: int | None = 1
    headers: tuple[tuple[bytes, bytes], ...] = ()
    _made: dict[Wish, tuple[int, bytes]] = field(default_factory=dict)
    _gzipped: bytes | None = None

    def wire(self, wish: Wish) -> bytes:
        """The bytes to send; made at most once a second for each kind of wish."""
        now = int(time.time())
        made = self._made.get(wish)
        if made is None or made[0] != now:
            if len(self._made) > MAX_KINDS:
                self._made.clear()
            made = self._made[wish] = (now, self._render(wish, now))
        return made[1]

    def _render(self, wish: Wish, now: int) -> bytes:
        body, encoding = self._encoded(wish)
        tag = self._tag(encoding)
        status, fields = self.status, self._fields(wish, now)
        if tag:
            fields.append((b"ETag", tag))
            if wish.known and _matches(wish.known, tag):
                status = HTTPStatus.NOT_MODIFIED
        if status != HTTPStatus.NOT_MODIFIED:
            fields += [(b"Content-Type", self.content_type), (b"Content-Length", b"%d" % len(body)), *encoding]
        line = b"HTTP/1.1 %d %s" % (status, HTTPStatus(status).phrase.encode())
        head = b"\r\n".join([line, *(name + b": " + value for name, value in fields), b"", b""])
        return head if wish.head or status == HTTPStatus.NOT_MODIFIED else head + body

    def _fields(self, wish: Wish, now: int) -> list[tuple[bytes, bytes]]:
        cache = b"no-cache" if self.max_age is None else b"public, max-age=%d" % self.max_age
        if self.max_age == FOREVER_SECONDS:
            cache += b", immutable"
        fields = [
            (b"Date", formatdate(now, usegmt=True).encode()),
            (b"Cache-Control", cache),
            (b"Access-Control-Allow-Origin", b"*"),  # the token is the permission, not the page it is used on
            *self.headers,
        ]
        if self._compressible:
            fields.append((b"Vary", b"Accept-Encoding"))
        if not wish.keep_alive:
            fields.append((b"Connection", b"close"))
        return fields

    def _encoded(self, wish: Wish) -> tuple[bytes, list[tuple[bytes, bytes]]]:
        if not (wish.gzip and self._compressible):
            return self.body, []
        if self._gzipped is None:
            self._gzipped = gzip.compress(self.body, COMPRESS_LEVEL, mtime=0)
        return self._gzipped, [(b"Content-Encoding", b"gzip")]

    @property
    def _compressible(self) -> bool:
        return len(self.body) >= COMPRESS_FROM_BYTES and not self.content_type.startswith(_INCOMPRESSIBLE)

    def _tag(self, encoding: object) -> bytes:
        """Of a body worth asking for twice; each encoding has its own (RFC 9110 §8.8.3.3)."""
        if self.status != HTTPStatus.OK or not self.body:
            return b""
        return b'"%08x%s"' % (zlib.crc32(self.body), b"-gz" if encoding else b"")


MAX_KINDS = 16  # If-None-Match is the client's to choose


def _matches(known: bytes, tag: bytes) -> bool:
    """If-None-Match compares weakly (RFC 9110 §13.1.2)."""
    return known.strip() == b"*" or tag in [one.strip().removeprefix(b"W/") for one in known.split(b",")]
