"""Pings all viewers of a process in slices, one slice a second, and cuts off who does not answer."""

from itertools import count

from chat.limits import PING_SECONDS, PONG_SECONDS
from chat.viewer import Viewer

DEAD_PEER = 1001


class Keepalive:
    """Each viewer belongs to one of PING_SECONDS slices, so that no burst follows a burst of joins."""

    def __init__(self) -> None:
        self._slices: list[set[Viewer]] = [set() for _ in range(PING_SECONDS)]
        self._slice_of: dict[Viewer, int] = {}
        self._ticks = 0
        self._joined = count()

    def add(self, viewer: Viewer) -> None:
        number = next(self._joined) % PING_SECONDS
        self._slice_of[viewer] = number
        self._slices[number].add(viewer)

    def remove(self, viewer: Viewer) -> None:
        number = self._slice_of.pop(viewer, None)
        if number is not None:
            self._slices[number].discard(viewer)

    def tick(self, now: float) -> None:
        """One second later: ask one slice, and look after the slice asked PONG_SECONDS ago."""
        self._ticks += 1
        for viewer in list(self._slices[(self._ticks - PONG_SECONDS) % PING_SECONDS]):
            if viewer.slow_since is None and _is_silent(viewer):  # the room itself looks after slow viewers
                viewer.sink.close(DEAD_PEER, "no answer to ping")
                self.remove(viewer)
        for viewer in self._slices[self._ticks % PING_SECONDS]:
            viewer.asked_at = now
            viewer.sink.ping()


def _is_silent(viewer: Viewer) -> bool:
    heard = viewer.sink.last_heard()
    return heard is not None and viewer.asked_at is not None and heard < viewer.asked_at
