"""Shows what there is of a part when its source falls silent, instead of keeping it until the source is given up.

The next part must come within one Part Target Duration (RFC 8216bis §6.2.1), and a silent encoder may be back in a
moment: what it sent is shown in time, and only then is it waited for. A source that comes unevenly is given longer:
each pause that is taken for silence costs a part that is shorter than §4.4.4.9 wants.
"""

import asyncio
from collections.abc import Callable, Iterable

from transcode.packager import Publication

OVERDUE_SECONDS = 0.05  # beyond the Part Target Duration
SILENT_SECONDS = (0.06, 1.0)  # at least and at most
SILENT_PAUSES = 2  # times the longest pause of late
FIRST_PAUSE_SECONDS = 0.5  # what is supposed of a source that nothing is known of
FORGET_SECONDS = 4.0  # in which a pause counts half
# A worker that was held up itself finds here what came meanwhile, before it takes that for silence.
SECOND_LOOK_SECONDS = 0.02


class Pauses:
    """How evenly a source comes, in monotonic seconds."""

    def __init__(self, now: float) -> None:
        self.heard_at = now
        self._longest = FIRST_PAUSE_SECONDS

    def see(self, now: float, listening_since: float = 0.0) -> None:
        """A picture came. Before `listening_since` nobody looked, which is no pause of the source's."""
        pause = now - max(self.heard_at, min(listening_since, now))
        self._longest = max(pause, self._longest * 0.5 ** ((now - self.heard_at) / FORGET_SECONDS))
        self.heard_at = now

    @property
    def silent_seconds(self) -> float:
        """How long nothing must come of this source to mean that it is silent."""
        least, most = SILENT_SECONDS
        return min(max(SILENT_PAUSES * self._longest, least), most)


class OverdueParts:
    """One run's renditions, each with the time at which its next part is overdue."""

    def __init__(self, flush: Callable[[str], None], *, part_target: float) -> None:
        """`flush` is asked to publish what there is of a rendition's next part."""
        self._flush, self._patience = flush, part_target + OVERDUE_SECONDS
        self._loop = asyncio.get_running_loop()
        self._pauses = Pauses(self._loop.time())
        self._timers: dict[str, asyncio.TimerHandle] = {}

    def see_source(self, listening_since: float = 0.0) -> None:
        """A picture came; before `listening_since` nobody looked whether there was one."""
        self._pauses.see(self._loop.time(), listening_since)

    def see(self, published: Iterable[Publication]) -> None:
        """The parts among these are not overdue any more."""
        for entry in published:
            if entry.part_name is not None:
                self._look_at(entry.rendition, self._loop.time() + self._patience)

    def close(self) -> None:
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()

    def _look_at(self, name: str, when: float) -> None:
        if (timer := self._timers.get(name)) is not None:
            timer.cancel()
        self._timers[name] = self._loop.call_at(when, self._look, name)

    def _look(self, name: str) -> None:
        now, silent_at = self._loop.time(), self._pauses.heard_at + self._pauses.silent_seconds
        if now < silent_at:
            self._look_at(name, silent_at)
            return
        self._timers[name] = self._loop.call_later(SECOND_LOOK_SECONDS, self._look_again, name, self._pauses.heard_at)

    def _look_again(self, name: str, heard_at: float) -> None:
        self._look_at(name, self._loop.time() + SILENT_SECONDS[0])  # its last pictures may still be in the encoder
        if heard_at == self._pauses.heard_at:
            self._flush(name)
