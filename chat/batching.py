"""Many questions, one answer: what is asked while a query runs is asked together by the next one.

Nothing is kept, so nothing can be out of date: an answer is always read after its question was put.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from itertools import islice
from typing import Generic, TypeVar

Question = TypeVar("Question")
Answer = TypeVar("Answer")


class Batcher(Generic[Question, Answer]):
    """`query` answers up to `most` questions at once; what it leaves out has no answer."""

    def __init__(self, query: Callable[[Sequence[Question]], Awaitable[dict[Question, Answer]]], *, most: int) -> None:
        self._query, self._most = query, most
        self._waiting: dict[Question, asyncio.Future[Answer | None]] = {}
        self._asking: asyncio.Task[None] | None = None

    async def ask(self, question: Question) -> Answer | None:
        """The answer, or None when there is none. Raises what the query raised."""
        answer = self._waiting.get(question)
        if answer is None:
            answer = self._waiting[question] = asyncio.get_running_loop().create_future()
        if self._asking is None:
            self._asking = asyncio.create_task(self._ask_all())
        return await asyncio.shield(answer)  # who hangs up must not take the answer from the others

    async def _ask_all(self) -> None:
        try:
            while self._waiting:
                batch = {question: self._waiting.pop(question) for question in self._next()}
                await self._ask_batch(batch)
        finally:
            self._asking = None

    def _next(self) -> list[Question]:
        return list(islice(self._waiting, self._most))

    async def _ask_batch(self, batch: dict[Question, "asyncio.Future[Answer | None]"]) -> None:
        try:
            answers = await self._query(list(batch))
        except Exception as error:  # everyone who asked hears of it
            for future in batch.values():
                future.set_exception(error)
                future.exception()  # whoever asked may be gone: then nobody has to hear of it
            return
        for question, future in batch.items():
            future.set_result(answers.get(question))
