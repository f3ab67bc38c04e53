"""Script calls on their way to Redis: what comes while others are under way goes with the next, in one pipeline.

One at a time a call costs the client three times what it costs Redis. A call in an idle process still leaves at once;
a busy process waits for its own last answers and no longer.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from redis.asyncio import Redis

from chat.limits import CALLS_AT_ONCE
from chat.redis_connections import is_cluster
from chat.scripts import Script


@dataclass(frozen=True, slots=True)
class Call:
    """One run of a script, and who waits for its answer."""

    script: Script
    keys: tuple[str, ...]
    arguments: tuple[Any, ...]
    answer: "asyncio.Future[Any]"

    def take(self, answer: Any) -> None:
        if self.answer.done():  # who asked has gone
            return
        if isinstance(answer, Exception):
            self.answer.set_exception(answer)
            self.answer.exception()  # he may be gone all the same: then nobody has to hear of it
        else:
            self.answer.set_result(answer)


class ScriptLine:
    """One process's calls through one client, in the order in which they came. In a cluster each goes by itself: they
    are for different servers, of which one may be away."""

    def __init__(self, redis: Redis) -> None:
        self._redis, self._by_itself = redis, is_cluster(redis)
        self._waiting: list[Call] = []
        self._is_busy = False
        self._rest: asyncio.Task[None] | None = None

    async def run(self, script: Script, keys: tuple[str, ...], arguments: tuple[Any, ...]) -> Any:
        """As `Script.run_async`."""
        if self._by_itself:
            return await script.run_async(self._redis, keys, arguments)
        answer = asyncio.get_running_loop().create_future()
        self._waiting.append(Call(script, keys, arguments, answer))
        if not self._is_busy:
            self._is_busy = True
            await self._send_for_all()
        return await answer

    async def _send_for_all(self) -> None:
        """Who finds the line idle sends at once, without a task of its own; for those behind him there is one."""
        try:
            await self._send_next()
        finally:
            if self._waiting:
                self._rest = asyncio.create_task(self._send_rest())
            else:
                self._is_busy = False

    async def _send_rest(self) -> None:
        try:
            while self._waiting:
                await self._send_next()
        finally:
            self._is_busy = False

    async def _send_next(self) -> None:
        calls, self._waiting = self._waiting[:CALLS_AT_ONCE], self._waiting[CALLS_AT_ONCE:]
        answers: list[Any] = [ConnectionError("given up on the way")] * len(calls)  # by a sender who was cancelled
        try:
            answers = await self._answers(calls)
        except Exception as error:  # everyone who waits hears of it
            answers = [error] * len(calls)
        finally:
            for call, answer in zip(calls, answers, strict=True):
                call.take(answer)

    async def _answers(self, calls: Sequence[Call]) -> list[Any]:
        if len(calls) == 1:  # comes back sooner than a pipeline of one: an acknowledgement before the message itself
            call = calls[0]
            return [await call.script.run_async(self._redis, call.keys, call.arguments)]
        pipe = self._redis.pipeline(transaction=False)
        for call in calls:
            pipe.evalsha(call.script.digest, len(call.keys), *call.keys, *call.arguments)
        return await pipe.execute(raise_on_error=False)
