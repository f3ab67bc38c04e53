"""A server that keeps the rules of HTTP, blocking reload and hints, in virtual time: no network, no clock, no waiting.

The real recorder and the real probes ask it, so that a good capture takes a second to make and is the same every time.
Two renditions and a key frame playlist; a part every quarter of a second, four to a segment; the encoder is away once.
"""

import asyncio
import gzip
import math
import re
import selectors
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass
from email.utils import formatdate
from typing import Any, ClassVar
from urllib.parse import parse_qsl

from tests.conformance.capture import Capture, Exchange, Happening

TARGET, PART, PARTS = 1, 0.25, 4
LISTED_SEGMENTS = 9
PARTS_LISTED_SEGMENTS = 3
SKIP_UNTIL = 6 * TARGET
WALL_TIME = 1_795_159_800.0
NETWORK_SECONDS = 0.001
AWAY = (30.0, 35.0)
ENDS_AT = 45.0
GONE_AT = 50.0
RENDITIONS = ("high", "low")
MULTIVARIANT = "#EXTM3U\n" + "".join(f"#EXT-X-STREAM-INF:BANDWIDTH=1\n{name}/index.m3u8\n" for name in RENDITIONS)
MULTIVARIANT += '#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=1,URI="high/iframes.m3u8"\n'
_MEDIA = re.compile(r"(high|low)/(?:(\d+)(?:\.(\d+))?\.m4s|init\.mp4)")
_PLAYLIST = re.compile(r"(high|low)/(index|iframes)\.m3u8")


class _VirtualSelector(selectors.SelectSelector):
    """Instead of waiting, the time is later."""

    now = 1000.0

    def select(self, timeout: float | None = None) -> Any:
        self.now += max(timeout or 0.0, 0.0)
        return super().select(0)


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop that never waits."""

    def __init__(self) -> None:
        self._virtual = _VirtualSelector()
        super().__init__(self._virtual)

    def time(self) -> float:
        return self._virtual.now


def run_virtually(work: Coroutine[Any, Any, None]) -> None:
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(work)


def parts_at(seconds: float) -> int:
    """How many parts there are so long after the beginning; eleven segments are there from the start."""
    seconds = min(seconds, ENDS_AT)
    away = max(0.0, min(seconds, AWAY[1]) - AWAY[0])
    return 11 * PARTS + math.floor((seconds - away) / PART + 1e-9)


@dataclass(frozen=True)
class _Answer:
    status: int
    body: bytes = b""
    kind: str = "text/plain"
    max_age: float = TARGET
    headers: tuple[tuple[str, str], ...] = ()


class ModelObserver:
    """In place of `Observer`: answers by itself, and notes the exchange likewise."""

    prefix: ClassVar[str] = "/media/token/stream"

    def __init__(self, capture: Capture) -> None:
        self.capture = capture
        self._began = asyncio.get_running_loop().time()

    @property
    def seconds(self) -> float:
        return asyncio.get_running_loop().time() - self._began

    async def watch_the_clock(self) -> None:
        """It never runs late."""

    def note(self, happening: str) -> None:
        now = asyncio.get_running_loop().time()
        self.capture.happenings.append(Happening(happening, now, WALL_TIME + self.seconds))

    async def ask(
        self,
        path: str,
        query: str = "",
        *,
        purpose: str,
        headers: Mapping[str, str] | None = None,
        method: str = "GET",
        prefix: str | None = None,
    ) -> Exchange:
        headers = {"accept-encoding": "gzip"} if headers is None else {k.lower(): v for k, v in headers.items()}
        asked_at = asyncio.get_running_loop().time()
        await asyncio.sleep(NETWORK_SECONDS)
        unknown = prefix not in {None, self.prefix}
        answer = _Answer(404) if unknown else await self._answer(path, query, headers, method)
        now = asyncio.get_running_loop().time()
        sent, wire = _on_the_wire(answer, headers, method, self.seconds)
        exchange = Exchange(
            path=path,
            query=query,
            purpose=purpose,
            asked_at=asked_at,
            first_byte_at=now,
            done_at=now + NETWORK_SECONDS,
            wall=WALL_TIME + self.seconds,
            status=answer.status,
            headers=sent,
            body=b"" if method == "HEAD" else answer.body,
            wire_size=wire,
            asked_headers=headers,
            method=method,
        )
        self.capture.exchanges.append(exchange)
        return exchange

    async def _answer(self, path: str, query: str, headers: Mapping[str, str], method: str) -> _Answer:
        if method == "OPTIONS":
            return _Answer(204, headers=(("access-control-allow-headers", "range"),))
        if media := _MEDIA.fullmatch(path):
            return await self._media(path, media, headers)
        if playlist := _PLAYLIST.fullmatch(path):
            return await self._playlist(playlist, query)
        return _Answer(200, MULTIVARIANT.encode(), "application/vnd.apple.mpegurl")

    async def _media(self, path: str, media: "re.Match[str]", headers: Mapping[str, str]) -> _Answer:
        if media[2]:
            msn, part = int(media[2]), int(media[3] or PARTS - 1)
            while msn * PARTS + part == parts_at(self.seconds) < parts_at(ENDS_AT):  # noqa: ASYNC110  waiting costs nothing here
                await asyncio.sleep(PART / 10)
            if msn * PARTS + part >= parts_at(self.seconds):
                return _Answer(404)
        body = path.encode() * 400
        if headers.keys() & {"if-none-match", "if-modified-since"}:
            return _Answer(304)
        if span := headers.get("range"):
            return _ranged(body, span.removeprefix("bytes="))
        return _Answer(200, body, "video/mp4", 31_536_000, (("etag", '"1"'),))

    async def _playlist(self, playlist: "re.Match[str]", query: str) -> _Answer:
        pairs = parse_qsl(query, keep_blank_values=True)
        wanted = dict(pairs)
        iframes = playlist[2] == "iframes"
        if self.seconds >= GONE_AT:
            return _Answer(404)
        if self.seconds < ENDS_AT and (status := await self._hold(pairs)) != 200:
            return _Answer(status, max_age=(4 if "_HLS_msn" in wanted else 1) * TARGET)
        skip = wanted.get("_HLS_skip") == "YES" and self.seconds < ENDS_AT
        text = render(playlist[1], parts_at(self.seconds), skip=skip, ended=self.seconds >= ENDS_AT, iframes=iframes)
        max_age = 6 * TARGET if "_HLS_msn" in wanted else TARGET / 2
        return _Answer(200, text.encode(), "application/vnd.apple.mpegurl", max_age)

    async def _hold(self, pairs: list[tuple[str, str]]) -> int:
        """200 when the request is satisfied, or what it is refused with (R§6.2.5.2)."""
        numbers = [(name, value) for name, value in pairs if name in {"_HLS_msn", "_HLS_part"}]
        wanted = dict(numbers)
        if len(wanted) < len(numbers) or any(
            not re.fullmatch("[0-9]{1,18}", value, re.ASCII) for value in wanted.values()
        ):
            return 400
        if "_HLS_msn" not in wanted:
            return 400 if wanted else 200
        msn, part = int(wanted["_HLS_msn"]), int(wanted.get("_HLS_part", PARTS - 1))
        there = parts_at(self.seconds)
        needed = msn * PARTS + min(part, PARTS)
        if msn > there // PARTS + 1 or (msn == there // PARTS and part >= there % PARTS + 3 / PART):
            return 400
        until = self.seconds + 3 * TARGET
        while needed >= parts_at(self.seconds) and self.seconds < ENDS_AT:
            if self.seconds >= until:
                return 503
            await asyncio.sleep(PART / 10)
        return 200


def render(name: str, there: int, *, skip: bool = False, ended: bool = False, iframes: bool = False) -> str:
    """A media playlist when there are so many parts."""
    complete = there // PARTS
    first = complete - LISTED_SEGMENTS
    skipped = LISTED_SEGMENTS - SKIP_UNTIL // TARGET if skip else 0
    lines = ["#EXTM3U", f"#EXT-X-VERSION:{9 if skipped else 6}", f"#EXT-X-TARGETDURATION:{TARGET}"]
    lines += [f"#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,CAN-SKIP-UNTIL={SKIP_UNTIL},PART-HOLD-BACK={3 * PART}"]
    lines += ["#EXT-X-I-FRAMES-ONLY"] if iframes else [f"#EXT-X-PART-INF:PART-TARGET={PART}"]
    lines += [f"#EXT-X-MEDIA-SEQUENCE:{first}", "#EXT-X-DISCONTINUITY-SEQUENCE:0"]
    lines += [f"#EXT-X-SKIP:SKIPPED-SEGMENTS={skipped}"] if skipped else ['#EXT-X-MAP:URI="init.mp4"']
    for msn in range(first + skipped, complete):
        if not iframes and msn >= complete - PARTS_LISTED_SEGMENTS:
            lines += [_part(msn, part) for part in range(PARTS)]
        lines += [f"#EXTINF:{TARGET},", f"{msn}.m4s"]
    if ended:
        return "\n".join([*lines, "#EXT-X-ENDLIST\n"])
    if not iframes:
        lines += [_part(complete, part) for part in range(there % PARTS)]
        lines += [f'#EXT-X-PRELOAD-HINT:TYPE=PART,URI="{complete}.{there % PARTS}.m4s"']
        other = next(one for one in RENDITIONS if one != name)
        last = there - 1
        report = f'URI="../{other}/index.m3u8",LAST-MSN={last // PARTS},LAST-PART={last % PARTS}'
        lines += [f"#EXT-X-RENDITION-REPORT:{report}"]
    return "\n".join(lines) + "\n"


def _part(msn: int, part: int) -> str:
    return f'#EXT-X-PART:DURATION={PART},URI="{msn}.{part}.m4s"'


def _ranged(body: bytes, span: str) -> _Answer:
    first, _, last = span.partition("-")
    if not first:
        return _Answer(206, body[-int(last) :], "video/mp4")
    if int(first) >= len(body):
        return _Answer(416)
    return _Answer(206, body[int(first) : int(last) + 1 if last else None], "video/mp4")


def _on_the_wire(answer: _Answer, asked: Mapping[str, str], method: str, seconds: float) -> tuple[dict[str, str], int]:
    """The headers, and how many bytes of a body were sent."""
    now = formatdate(WALL_TIME + seconds, usegmt=True)
    sent = {"content-type": answer.kind, "cache-control": f"max-age={math.ceil(answer.max_age)}", "date": now}
    sent |= {
        "access-control-allow-origin": "*",
        "last-modified": now,
        "x-cache": "HIT",
        "age": "0",
        **dict(answer.headers),
    }
    body = answer.body
    if answer.kind == "application/vnd.apple.mpegurl" and "gzip" in asked.get("accept-encoding", ""):
        sent["content-encoding"] = "gzip"
        body = gzip.compress(body, 1, mtime=0)
    size = 0 if method == "HEAD" else len(body)
    return sent | {"content-length": str(len(body))}, size
