"""One read for everybody who asks at the same time."""

import asyncio

import pytest

from streaming.coalescing import Coalescer


class Book:
    """What is read; it takes a moment, and every reading finds another number."""

    def __init__(self) -> None:
        self.readings = 0

    async def read(self) -> int:
        self.readings += 1
        found = self.readings
        await asyncio.sleep(0.01)
        return found


async def test_a_thousand_at_once_are_one_reading() -> None:
    book, readers = Book(), Coalescer[int]()
    assert set(await asyncio.gather(*(readers.ask("alice", book.read) for _ in range(1_000)))) == {1}


async def test_who_comes_while_it_is_read_gets_a_newer_answer() -> None:
    book, readers = Book(), Coalescer[int]()
    first = asyncio.create_task(readers.ask("alice", book.read))
    await asyncio.sleep(0.005)
    later = [asyncio.create_task(readers.ask("alice", book.read)) for _ in range(3)]
    assert await first == 1
    assert [await one for one in later] == [2, 2, 2]
    assert await readers.ask("alice", book.read) == 3


async def test_different_keys_do_not_wait_for_each_other() -> None:
    book, readers = Book(), Coalescer[int]()
    assert sorted(await asyncio.gather(readers.ask("alice", book.read), readers.ask("bob", book.read))) == [1, 2]


async def test_error_reaches_everybody_and_the_next_reading_is_fresh() -> None:
    readers = Coalescer[int]()

    async def fail() -> int:
        await asyncio.sleep(0)
        raise OSError("away")

    outcomes = await asyncio.gather(*(readers.ask("alice", fail) for _ in range(3)), return_exceptions=True)
    assert all(isinstance(one, OSError) for one in outcomes)
    assert await readers.ask("alice", Book().read) == 1


async def test_who_leaves_does_not_take_it_from_the_others() -> None:
    book, readers = Book(), Coalescer[int]()
    leaves = asyncio.create_task(readers.ask("alice", book.read))
    stays = asyncio.create_task(readers.ask("alice", book.read))
    await asyncio.sleep(0)
    leaves.cancel()
    with pytest.raises(asyncio.CancelledError):
        await leaves
    assert await stays == 1
