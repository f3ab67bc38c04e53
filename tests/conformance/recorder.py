"""Records a broadcast: polls every playlist, follows each as a low-latency player does, and fetches all that is listed.

The follower is the strict, Apple-like client of A-173: query parameters in order, blocking reload with delta updates,
the first reload of a rendition from another one's report, every hinted part asked for before it exists.
"""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any

from tests.conformance.capture import Exchange
from tests.conformance.observer import Observer
from tests.conformance.reading import Reading, read, resolve

MULTIVARIANT = "index.m3u8"
DISCOVER_SECONDS = 5.0  # between looks at the multivariant playlist: a run may bring other renditions
AGAIN_MARGIN_SECONDS = 0.4  # before the moment from which an object may be gone
RETRY_SECONDS = 0.5  # a player's pause after an answer that is not a playlist
DOWNLOADS = 2  # at a time of what is listed when the recording starts: more would delay one another
TARGET_DURATIONS_OF_A_PART = 3  # R§6.2.2: for so long a part stays there after its tag has gone


@dataclass
class _Playlist:
    """What is known of one media playlist."""

    path: str
    first: Reading
    listed: dict[str, float] = field(default_factory=dict)  # object → when the last playlist with it was asked for
    durations: dict[str, float] = field(default_factory=dict)  # of segments
    longest: float = 0.0  # seconds of the longest playlist so far
    latest: Reading = field(default_factory=Reading)
    ended: asyncio.Event = field(default_factory=asyncio.Event)


class Recorder:
    """`run()` until `stop()`; `playlists` are the media playlists found so far, by path."""

    def __init__(self, observer: Observer, *, poll_seconds: float = 0.1, multivariant: str = MULTIVARIANT) -> None:
        self.observer, self.poll_seconds, self.multivariant = observer, poll_seconds, multivariant
        self.playlists: dict[str, _Playlist] = {}
        self._asked: set[str] = set()  # listed objects that were asked for
        self._in_pieces: set[str] = set()  # files of which ranges are listed
        self._hinted: set[str] = set()
        self._due_again: dict[str, asyncio.TimerHandle] = {}
        self._tasks: set[asyncio.Task[Any]] = set()
        self._stopping = asyncio.Event()
        self._downloads = asyncio.Semaphore(DOWNLOADS)

    async def start(self) -> None:
        """Returns when the renditions are known."""
        self._spawn(self.observer.watch_the_clock())
        await self._discover()
        self._spawn(self._keep_discovering())

    async def stop(self) -> None:
        """Let what is under way finish, and look once more at everything that may not be gone yet."""
        self._stopping.set()
        for path, timer in list(self._due_again.items()):
            timer.cancel()
            await self._again(path)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for timer in self._due_again.values():  # what was seen last
            timer.cancel()

    async def wait_for_the_end(self, seconds: float) -> bool:
        """Whether every playlist got its EXT-X-ENDLIST within this time."""
        try:
            async with asyncio.timeout(seconds):
                for playlist in list(self.playlists.values()):
                    await playlist.ended.wait()
        except TimeoutError:
            return False
        return True

    @property
    def target_duration(self) -> int:
        return max((one.latest.target_duration for one in self.playlists.values()), default=2)

    def latest(self, path: str) -> Reading:
        """The newest complete reading of a playlist."""
        return self.playlists[path].latest

    def _spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # --- Playlists -----------------------------------------------------------------------------------------------

    async def _keep_discovering(self) -> None:
        while not await self._pause(DISCOVER_SECONDS):
            await self._discover()

    async def _discover(self) -> None:
        answer = await self.observer.ask(self.multivariant, purpose="poll")
        paths = _paths_named(answer, self.multivariant)
        for path in paths:
            if path not in self.playlists:
                await self._begin(path, report_from=next(iter(self.playlists), None))

    async def _begin(self, path: str, *, report_from: str | None) -> None:
        query = self._reported(report_from, path) if report_from else ""
        answer = await self.observer.ask(path, query, purpose="block" if query else "poll")
        if not _is_playlist(answer):
            return
        self.playlists[path] = _Playlist(path, read(answer.text))
        self._see(self.playlists[path], answer, one_by_one=True)
        self._spawn(self._poll(self.playlists[path]))
        self._spawn(self._follow(self.playlists[path]))

    def _reported(self, other: str, path: str) -> str:
        """How a player that switches begins: where the report says that this rendition is (R§6.2.5, §4.4.5.4)."""
        for uri, (msn, part) in self.playlists[other].latest.reports.items():
            if resolve(other, uri) == path:
                return f"_HLS_msn={msn}&_HLS_part={part}" if part >= 0 else f"_HLS_msn={msn}"
        return ""

    async def _poll(self, playlist: _Playlist) -> None:
        while not await self._pause(self._interval(playlist)):
            answer = await self.observer.ask(playlist.path, purpose="poll")
            if _is_playlist(answer):
                self._see(playlist, answer)

    def _interval(self, playlist: _Playlist) -> float:
        return max(self.poll_seconds, 1.0) if playlist.ended.is_set() else self.poll_seconds

    async def _pause(self, seconds: float) -> bool:
        """Whether the recording is to stop."""
        try:
            async with asyncio.timeout(seconds):
                return await self._stopping.wait()
        except TimeoutError:
            return False

    async def _follow(self, playlist: _Playlist) -> None:
        known = playlist.first
        self._ask_for_hints(playlist, known)
        while known.can_block and not known.ended and not self._stopping.is_set():
            answer = await self.observer.ask(playlist.path, _next_reload(known), purpose="block")
            if _is_playlist(answer):
                known = read(answer.text)
                self._see(playlist, answer)
                self._ask_for_hints(playlist, known)
            else:
                await self._pause(RETRY_SECONDS)

    # --- Media ---------------------------------------------------------------------------------------------------

    def _see(self, playlist: _Playlist, answer: Exchange, *, one_by_one: bool = False) -> None:
        reading = read(answer.text)
        for path in self._wanted(playlist, reading):
            if path not in self._asked:
                self._asked.add(path)
                self._spawn(self._download(path) if one_by_one else self.observer.ask(path, purpose="media"))
        if not reading.skipped and reading.last_msn >= playlist.latest.last_msn:
            self._note_listed(playlist, reading, answer.asked_at)
        if reading.ended:
            playlist.ended.set()

    def _wanted(self, playlist: _Playlist, reading: Reading) -> set[str]:
        """What is listed. Key frames are parts of segments, which are downloaded as other playlists list them."""
        found = {resolve(playlist.path, uri) for uri in reading.objects}
        return {path.partition("#")[0] for path in found} - self._in_pieces if reading.iframes else self._noted(found)

    def _noted(self, found: set[str]) -> set[str]:
        self._in_pieces |= {path.partition("#")[0] for path in found if "#" in path}
        return found

    async def _download(self, path: str) -> None:
        async with self._downloads:
            await self.observer.ask(path, purpose="media")

    def _ask_for_hints(self, playlist: _Playlist, reading: Reading) -> None:
        for uri in reading.hints.values():
            path = resolve(playlist.path, uri)
            if path not in self._hinted:
                self._hinted.add(path)
                self._spawn(self.observer.ask(path, purpose="hint"))

    def _note_listed(self, playlist: _Playlist, reading: Reading, asked_at: float) -> None:
        """Remember what is listed, and when each thing that is not any more may be gone."""
        playlist.latest = reading
        playlist.longest = max(playlist.longest, reading.seconds)
        now = self._wanted(playlist, reading)
        for path in playlist.listed.keys() - now:
            last_listed = playlist.listed.pop(path)
            self._plan_again(path, last_listed + self._kept_seconds(playlist, path) - AGAIN_MARGIN_SECONDS)
        playlist.listed.update(dict.fromkeys(now, asked_at))
        for segment in reading.segments:
            playlist.durations[resolve(playlist.path, segment.uri)] = segment.duration

    def _kept_seconds(self, playlist: _Playlist, path: str) -> float:
        """R§6.2.2: how long after its removal an object must still be there."""
        if path in playlist.durations:
            return playlist.durations.pop(path) + playlist.longest
        return TARGET_DURATIONS_OF_A_PART * playlist.latest.target_duration

    def _plan_again(self, path: str, at: float) -> None:
        delay = max(at - asyncio.get_running_loop().time(), 0)
        loop = asyncio.get_running_loop()
        self._due_again[path] = loop.call_later(delay, lambda: self._spawn(self._again(path)))

    async def _again(self, path: str) -> None:
        self._due_again.pop(path, None)
        await self.observer.ask(path, purpose="again")


def _next_reload(known: Reading) -> str:
    """What a low-latency player asks for next; names in order (R§6.3.2)."""
    query = f"_HLS_msn={known.last_msn + 1}"
    if known.part_target:
        query += f"&_HLS_part={len(known.open_parts)}"
    return query + ("&_HLS_skip=YES" if known.can_skip_until else "")


def _is_playlist(answer: Exchange) -> bool:
    return answer.status == 200 and answer.body.startswith(b"#EXTM3U")


def _paths_named(answer: Exchange, multivariant: str) -> list[str]:
    return [resolve(multivariant, uri) for uri in read(answer.text).variants] if _is_playlist(answer) else []
