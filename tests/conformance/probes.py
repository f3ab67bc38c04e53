"""The questions a player would never ask, and those it asks rarely: active requests of §2.6, §2.7 and §2.9.

Each is noted with the id of its rule as purpose; what it must get is for the rules to say. `…:before` is the playlist
as it was just before.
"""

import asyncio
from collections.abc import Awaitable, Callable
from math import ceil

from tests.conformance.capture import Exchange
from tests.conformance.observer import ACCEPT_GZIP, Observer
from tests.conformance.reading import Reading, read, resolve

# (what is special about it, the query): none is a number in the sense of R§4.2.
NONSENSE = [
    ("negative", "_HLS_msn=-1"),
    ("signed", "_HLS_msn=%2B1"),
    ("fraction", "_HLS_msn=1.0"),
    ("leading zero", "_HLS_msn=01"),
    ("full-width digit", "_HLS_msn=%EF%BC%92"),
    ("2^64", "_HLS_msn=18446744073709551616"),
    ("10^30", "_HLS_msn=1000000000000000000000000000000"),
    ("empty", "_HLS_msn="),
    ("twice", "_HLS_msn=1&_HLS_msn=2"),
    ("array", "_HLS_msn[]=1"),
    ("part is a word", "_HLS_msn=1&_HLS_part=x"),
]
FAR_AHEAD = 90  # parts
DELTA_PAUSE_SECONDS = 0.37  # out of step with parts, so that pairs fall everywhere between them


def advance_part_limit(part_target: float) -> float:
    """R§6.2.5.2."""
    return 3 / part_target if part_target < 1 else 3


class Probes:
    """Over one broadcast; `path` is the media playlist that is questioned."""

    def __init__(self, observer: Observer, path: str, *, crowd: int = 40) -> None:
        self.observer, self.path, self.crowd = observer, path, crowd

    async def while_live(self, *, delta_pairs: int = 15) -> None:
        """One after another, so that none changes what another sees."""
        for probe in (
            self.blocking,
            self.beyond_the_final_part,
            self.past_and_refused,
            self.nonsense,
            self.orders,
            self.same_as_unblocked,
            self.skips,
            self.not_hinted,
            self.ranges,
            self.http_details,
            self.crowds,
        ):
            await probe()
        await self.delta_pairs(delta_pairs)

    async def blocking(self) -> None:
        """A-100, A-101, A-106 (allowed), A-120."""
        now = await self._before("A-100")
        await self._ask(f"_HLS_msn={now.last_msn + 1}", "A-100")
        now = await self._before("A-101")
        await self._ask(_next_part(now), "A-101")
        now = await self._before("A-106")
        await self._ask(_next_part(now), "A-106:allowed")
        now = await self._before("A-120")
        await self._ask(f"{_next_part(now)}&_HLS_skip=YES", "A-120")

    async def beyond_the_final_part(self) -> None:
        """A-102: asked when the final part is the next one, so that none is beyond the Advance Part Limit."""
        now = await self._before("A-102")
        final = max(len(segment.parts) for segment in now.segments) - 1 if now.segments else 0
        opened = now.last_msn + 2  # a whole new segment, so that its parts can be counted
        for part in range(final):
            await self._ask(f"_HLS_msn={opened}&_HLS_part={part}", "A-102:wait")
        for_next = [self._ask(f"_HLS_msn={opened}&_HLS_part={final + over}", f"A-102:+{over}") for over in range(3)]
        await asyncio.gather(*for_next, self._ask(f"_HLS_msn={opened + 1}&_HLS_part=0", "A-102:next"))

    async def past_and_refused(self) -> None:
        """A-103 to A-106."""
        now = await self._before("A-103")
        past = {0, max(now.media_sequence - 1, 0), now.media_sequence, now.last_msn}
        for msn in sorted(past):
            await self._ask(f"_HLS_msn={msn}", "A-103")
        await self._ask(f"_HLS_msn={now.media_sequence}&_HLS_part=0", "A-103")
        await self._ask("_HLS_part=0", "A-104")
        await self._ask(f"_HLS_msn={now.last_msn + 4}", "A-105")
        for _ in range(2):  # a part may be published between the two requests
            now = await self._before("A-106")
            part = len(now.open_parts) - 1 + ceil(advance_part_limit(now.part_target)) + 1
            answer = await self._ask(f"_HLS_msn={now.last_msn + 1}&_HLS_part={part}", "A-106:beyond")
            if answer.status == 400:
                return

    async def nonsense(self) -> None:
        """A-109."""
        for special, query in NONSENSE:
            await self._ask(query, f"A-109:{special}")

    async def orders(self) -> None:
        """A-110: all wait for the same part, so that all get the same moment's playlist."""
        now = await self._before("A-110")
        words = [*_next_part(now).split("&"), "_HLS_skip=YES"]
        queries = {
            "sorted": words,
            "reversed": words[::-1],
            "unknown directive": [*words, "_HLS_x=1"],
            "other parameters": ["Expires=1", *words, "token=x"],
        }
        await asyncio.gather(*(self._ask("&".join(query), f"A-110:{kind}") for kind, query in queries.items()))

    async def same_as_unblocked(self) -> None:
        """A-111."""
        for _ in range(3):
            now = await self._before("A-111")
            await self._ask(_next_part(now), "A-111:blocked")
            await self._ask("", "A-111:plain")
            await self._ask("", "A-111:plain")

    async def skips(self) -> None:
        """A-118, A-119."""
        for query, purpose in (("v2", "A-118"), ("maybe", "A-119"), ("", "A-119"), ("NO", "A-119")):
            await self._ask(f"_HLS_skip={query}", purpose)

    async def delta_pairs(self, count: int) -> None:
        """A-116, A-117: a delta between two whole playlists, at moments that have nothing to do with the parts."""
        for _ in range(count):
            await self._ask("", "A-117:full")
            await self._ask("_HLS_skip=YES", "A-117:delta")
            await self._ask("", "A-117:full")
            await asyncio.sleep(DELTA_PAUSE_SECONDS)

    async def not_hinted(self) -> None:
        """A-126: a part so far ahead that nothing names it."""
        now = await self._before("A-126")
        if "PART" in now.hints:
            head, part, extension = resolve(self.path, now.hints["PART"]).rsplit(".", 2)
            await self.observer.ask(f"{head}.{int(part) + FAR_AHEAD}.{extension}", purpose="A-126")

    async def ranges(self) -> None:
        """A-127, and the suffix form of A-158."""
        now = await self._before("A-127")
        parts = [uri for segment in now.segments for uri in segment.parts]
        for uri in [segment.uri for segment in now.segments if not segment.gap][-1:] + parts[-1:]:
            path = resolve(self.path, uri)
            await self.observer.ask(path, purpose="A-127:whole")
            for span in ("0-99", "100-299", "100-"):
                await self.observer.ask(path, purpose="A-127", headers={"Range": f"bytes={span}"})
            await self.observer.ask(path, purpose="A-158:suffix", headers={"Range": "bytes=-100"})
            await self.observer.ask(path, purpose="A-158:beyond", headers={"Range": "bytes=99999999-"})

    async def http_details(self) -> None:
        """A-150, A-156, A-158."""
        now = await self._before("A-150")
        segment = resolve(self.path, next(one.uri for one in reversed(now.segments) if not one.gap))
        for path in ("index.m3u8", self.path, segment):
            await self.observer.ask(path, purpose="A-150:gzip", headers=ACCEPT_GZIP)
            await self.observer.ask(path, purpose="A-150:plain", headers={})
            other = {"Origin": "https://player.example"}
            await self.observer.ask(path, purpose="A-156", headers=ACCEPT_GZIP | other)
            asked = {"Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "range"}
            await self.observer.ask(path, purpose="A-156:preflight", headers=other | asked, method="OPTIONS")
            await self.observer.ask(path, purpose="A-158:head", method="HEAD")
        await self._conditional(segment)

    async def _conditional(self, segment: str) -> None:
        whole = await self.observer.ask(segment, purpose="A-158:whole")
        conditions = {"etag": "If-None-Match", "last-modified": "If-Modified-Since"}
        for name, condition in conditions.items():
            if value := whole.headers.get(name):
                await self.observer.ask(segment, purpose=f"A-158:{name}", headers={condition: value})

    async def unknown(self, prefix: str) -> None:
        """A-158: a stream that never was, with a token that is good for it."""
        for path in ("index.m3u8", self.path, f"{self.path.rpartition('/')[0]}/1-0.m4s"):
            await self.observer.ask(path, purpose="A-158:unknown", prefix=prefix)

    async def crowds(self) -> None:
        """A-112, A-128: many wait for one playlist, and for one part."""
        now = await self._before("A-112")
        await self._crowd(lambda: self._ask(_next_part(now), "A-112"))
        now = await self._before("A-128")
        if hint := now.hints.get("PART"):
            await self._crowd(lambda: self.observer.ask(resolve(self.path, hint), purpose="A-128"))

    async def hang_up(self) -> None:
        """A-113: many are held and go away."""
        now = await self._before("A-113")
        held = [asyncio.create_task(self._ask(f"_HLS_msn={now.last_msn + 2}", "A-113")) for _ in range(self.crowd)]
        await asyncio.sleep(0.3)
        for one in held:
            one.cancel()
        await asyncio.gather(*held, return_exceptions=True)

    async def frozen(self) -> None:
        """A-107: asked while the encoder is away."""
        now = await self._before("A-107")
        await self._ask(f"_HLS_msn={now.last_msn + 2}", "A-107")

    async def held_to_the_end(self, ended: Awaitable[None]) -> None:
        """A-108: requests that wait when the broadcast ends."""
        now = await self._before("A-108")
        held = asyncio.create_task(self._ask(f"_HLS_msn={now.last_msn + 2}", "A-108:held"))
        await ended
        await held

    async def after_the_end(self) -> None:
        """A-108, A-119: directives that no longer mean anything."""
        for query in ("_HLS_msn=999999", "_HLS_msn=999999&_HLS_part=3", "_HLS_part=1"):
            await self._ask(query, "A-108:after")
        await self._ask("_HLS_skip=YES", "A-119:after")

    async def _crowd(self, one: Callable[[], Awaitable[Exchange]]) -> None:
        await asyncio.gather(*(one() for _ in range(self.crowd)))

    async def _before(self, purpose: str) -> Reading:
        return read((await self._ask("", f"{purpose}:before")).text)

    async def _ask(self, query: str, purpose: str) -> Exchange:
        return await self.observer.ask(self.path, query, purpose=purpose)


def _next_part(now: Reading) -> str:
    return f"_HLS_msn={now.last_msn + 1}&_HLS_part={len(now.open_parts)}"
