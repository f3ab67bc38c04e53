"""Questions asked together: each is answered by a query that began after it was asked."""

import asyncio
from collections.abc import Sequence

import pytest

from chat.batching import Batcher


class Oracle:
    """Answers with the number of the query; each query waits until it is let go."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []
        self.error: Exception | None = None
        self.began = asyncio.Event()
        self.may_end = asyncio.Semaphore(0)

    async def query(self, questions: Sequence[str]) -> dict[str, int]:
        self.asked.append(list(questions))
        self.began.set()
        await self.may_end.acquire()
        if self.error is not None:
            raise self.error
        return {question: len(self.asked) for question in questions if question != "unknown"}


async def test_what_is_asked_during_a_query_is_asked_together_by_the_next() -> None:
    oracle = Oracle()
    batcher = Batcher(oracle.query, most=10)
    first = asyncio.create_task(batcher.ask("a"))
    await oracle.began.wait()
    later = [asyncio.create_task(batcher.ask(question)) for question in ("a", "b", "a", "unknown")]
    await asyncio.sleep(0)
    oracle.may_end.release()
    oracle.may_end.release()
    assert await first == 1
    assert [await answer for answer in later] == [2, 2, 2, None]  # "a" anew: what the first query read may be old
    assert oracle.asked == [["a"], ["a", "b", "unknown"]]


async def test_a_query_is_of_bounded_size() -> None:
    oracle = Oracle()
    batcher = Batcher(oracle.query, most=2)
    for _ in range(3):
        oracle.may_end.release()
    answers = await asyncio.gather(*(batcher.ask(question) for question in "abcde"))
    assert answers == [1, 1, 2, 2, 3]


async def test_everyone_hears_of_an_error_and_the_next_question_is_asked_anew() -> None:
    oracle = Oracle()
    batcher = Batcher(oracle.query, most=10)
    oracle.error = OSError("away")
    oracle.may_end.release()
    answers = await asyncio.gather(batcher.ask("a"), batcher.ask("b"), return_exceptions=True)
    assert all(answer is oracle.error for answer in answers)
    oracle.error = None
    oracle.may_end.release()
    assert await batcher.ask("a") == 2


async def test_who_hangs_up_takes_the_answer_from_nobody() -> None:
    oracle = Oracle()
    batcher = Batcher(oracle.query, most=10)
    impatient, patient = asyncio.create_task(batcher.ask("a")), asyncio.create_task(batcher.ask("a"))
    await oracle.began.wait()
    impatient.cancel()
    oracle.may_end.release()
    assert await patient == 1
    with pytest.raises(asyncio.CancelledError):
        await impatient
