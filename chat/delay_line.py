"""Holds a room's events back from viewers for the seconds in which moderators may remove them."""

import asyncio
import json
from collections import deque
from collections.abc import Callable

from chat.core.policy import RoomPolicy
from chat.core.removals import Entry, apply, is_removal

ROOM_STATE = b'{"type":"room_state"'


class DelayLine:
    """First in, first out. What is removed while it is in here has never been seen by a viewer.

    Only what the feed brings is held back: a process that opens a room, or missed something, shows at once what it
    reads in the history.
    """

    def __init__(self, deliver: Callable[[Entry], None]) -> None:
        self._deliver = deliver
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[Entry] = deque()
        self._due: deque[float] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._version, self._seconds = -1, 0

    def learn(self, version: int, seconds: int) -> None:
        """How long viewers wait, by the policy of this version; an older one is no news."""
        if version > self._version:
            self._version, self._seconds = version, seconds

    @property
    def version(self) -> int:
        """Of the newest policy it was told."""
        return self._version

    def learn_policy(self, policy: RoomPolicy) -> None:
        self.learn(policy.version, policy.delay_seconds)

    def take(self, entry: Entry) -> bool:
        """Whether the entry is held back; it is delivered when its time has come."""
        if entry[1].startswith(ROOM_STATE):
            modes = json.loads(entry[1])["modes"]
            self.learn(modes["version"], modes.get("delay_seconds", 0))
        if not self._seconds and not self._waiting:
            return False
        if is_removal(entry[1]):
            self._waiting = deque(apply(entry[1], tuple(self._waiting)))
        now = self._loop.time()
        self._waiting.append(entry)
        self._due.append(max(now + self._seconds, self._due[-1] if self._due else now))
        if self._timer is None:
            self._timer = self._loop.call_at(self._due[0], self._let_go)
        return True

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _let_go(self) -> None:
        now = self._loop.time()
        while self._due and self._due[0] <= now:
            self._due.popleft()
            self._deliver(self._waiting.popleft())
        self._timer = self._loop.call_at(self._due[0], self._let_go) if self._due else None
