"""One read for everybody who asks for the same at the same time: a raid's thousand pages want one channel's state."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

Value = TypeVar("Value")


class Coalescer(Generic[Value]):
    """Answers are never older than the question: who comes while one is read waits for the next reading."""

    def __init__(self) -> None:
        self._running: dict[Hashable, asyncio.Task[Value]] = {}
        self._next: dict[Hashable, asyncio.Task[Value]] = {}

    async def ask(self, key: Hashable, read: Callable[[], Awaitable[Value]]) -> Value:
        """What `read` finds, once for all who ask for this key before it begins to."""
        waiting = self._next.get(key)
        if waiting is None:
            waiting = self._next[key] = asyncio.create_task(self._read_after(self._running.get(key), key, read))
        return await asyncio.shield(waiting)  # one who leaves does not take it from the others

    async def _read_after(
        self, before: "asyncio.Task[Value] | None", key: Hashable, read: Callable[[], Awaitable[Value]]
    ) -> Value:
        if before is not None:
            await asyncio.wait([before])
        mine = self._running[key] = self._next.pop(key)
        try:
            return await read()
        finally:
            if self._running.get(key) is mine:
                del self._running[key]
