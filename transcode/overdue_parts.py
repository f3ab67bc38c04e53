"""Shows what there is of a part when its source falls silent, instead of keeping it until the source is given up.

The next part must come within one Part Target Duration (RFC 8216bis §6.2.1), and a silent encoder may be back in a
moment: what it sent is shown in time, and only then is it waited for.
"""

import asyncio
from collections.abc import Callable, Iterable

from transcode.packager import Publication

OVERDUE_SECONDS = 0.05  # beyond the Part Target Duration
# Pictures come more often than this; a rendition without a new part meanwhile is only slow to be encoded.
SILENT_SECONDS = 0.06
# A worker that was held up itself finds here what came meanwhile, before it takes that for silence.
SECOND_LOOK_SECONDS = 0.02


class OverdueParts:
    """One run's renditions, each with the time at which its next part is overdue."""

    def __init__(self, flush: Callable[[str], None], *, part_target: float) -> None:
        """`flush` is asked to publish what there is of a rendition's next part."""
        self._flush, self._patience = flush, part_target + OVERDUE_SECONDS
        self._loop = asyncio.get_running_loop()
        self._heard_at = self._loop.time()
        self._timers: dict[str, asyncio.TimerHandle] = {}

    def see_source(self) -> None:
        """A frame came."""
        self._heard_at = self._loop.time()

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
        now, silent_at = self._loop.time(), self._heard_at + SILENT_SECONDS
        if now < silent_at:
            self._look_at(name, silent_at)
            return
        self._timers[name] = self._loop.call_later(SECOND_LOOK_SECONDS, self._look_again, name, self._heard_at)

    def _look_again(self, name: str, heard_at: float) -> None:
        self._look_at(name, self._loop.time() + SILENT_SECONDS)  # its last pictures may still be in the encoder
        if heard_at == self._heard_at:
            self._flush(name)
