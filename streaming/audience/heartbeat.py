"""Everyone who watches by this process: counted while a socket lives, told to Redis by one heartbeat for all."""

import asyncio
import contextlib
from collections import Counter, defaultdict
from weakref import WeakKeyDictionary

from common.outage import OUTAGE
from common.redis import async_redis_client
from streaming import limits
from streaming.audience import viewers
from streaming.audience.names import Viewer


class Audience:
    """Names by broadcast; who has two pages open here leaves with the second."""

    def __init__(self) -> None:
        self._watching: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self._beating: asyncio.Task[None] | None = None

    async def join(self, stream_id: str, viewer: Viewer) -> bool:
        """He begins to watch; False when his address has too many viewers there, and he is not counted."""
        self._watching[stream_id][viewer.name] += 1
        if self._beating is None or self._beating.done():
            self._beating = asyncio.create_task(self._beat())
        with contextlib.suppress(*OUTAGE):  # the heartbeat notes him when Redis is back
            if not await viewers.note_viewer(async_redis_client(), stream_id=stream_id, viewer=viewer):
                self._drop(stream_id, viewer)
                return False
        return True

    async def leave(self, stream_id: str, viewer: Viewer) -> None:
        """One of his pages here watches no more."""
        if self._drop(stream_id, viewer):
            with contextlib.suppress(*OUTAGE):
                await viewers.forget_viewer(async_redis_client(), stream_id=stream_id, name=viewer.name)

    def _drop(self, stream_id: str, viewer: Viewer) -> bool:
        """Whether that was his last page here."""
        names = self._watching[stream_id]
        names[viewer.name] -= 1
        last = names[viewer.name] <= 0
        if last:
            del names[viewer.name]
        if not names:
            del self._watching[stream_id]
        return last

    async def _beat(self) -> None:
        while self._watching:
            await asyncio.sleep(limits.HEARTBEAT_SECONDS)
            watching = {stream_id: list(names) for stream_id, names in self._watching.items()}
            with contextlib.suppress(*OUTAGE):
                await viewers.keep_viewers(async_redis_client(), watching)


_audiences: "WeakKeyDictionary[asyncio.AbstractEventLoop, Audience]" = WeakKeyDictionary()


def audience() -> Audience:
    """The running event loop's; a server process has one."""
    loop = asyncio.get_running_loop()
    if loop not in _audiences:
        _audiences[loop] = Audience()
    return _audiences[loop]
