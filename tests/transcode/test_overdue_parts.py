"""Parts that are overdue because their source is silent."""

import asyncio
import time

import pytest

from transcode.overdue_parts import (
    FIRST_PAUSE_SECONDS,
    OVERDUE_SECONDS,
    SILENT_PAUSES,
    SILENT_SECONDS,
    OverdueParts,
    Pauses,
)
from transcode.packager import Publication

PART_TARGET = 0.05
LIMIT_SECONDS = 10.0
LONGEST_SILENCE = SILENT_SECONDS[1]


def part(rendition: str) -> Publication:
    return Publication(rendition, "{}", [], 1, part_name="1-0.0.m4s", part=b"x")


class Listener:
    """Notes which renditions were asked for, and when."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, float]] = []
        self._news = asyncio.Event()
        self.overdue = OverdueParts(self._flush, part_target=PART_TARGET)

    def _flush(self, rendition: str) -> None:
        self.asked.append((rendition, asyncio.get_running_loop().time()))
        self._news.set()

    async def wait_until_asked(self, *renditions: str) -> None:
        async with asyncio.timeout(LIMIT_SECONDS):
            while not {name for name, _ in self.asked} >= set(renditions):
                await self._news.wait()
                self._news.clear()


async def test_each_rendition_is_asked_for_once_its_part_is_overdue_and_the_source_silent() -> None:
    listener, began = Listener(), asyncio.get_running_loop().time()
    listener.overdue.see_source()
    listener.overdue.see([part("source"), part("audio")])
    await listener.wait_until_asked("source", "audio")
    listener.overdue.close()
    assert min(when for _, when in listener.asked) - began >= PART_TARGET + OVERDUE_SECONDS


async def test_rendition_that_is_slow_to_be_encoded_is_left_alone_while_the_source_goes_on() -> None:
    listener = Listener()
    listener.overdue.see([part("360p")])
    for _ in range(20):
        listener.overdue.see_source()
        await asyncio.sleep(0.01)
    assert listener.asked == []
    await listener.wait_until_asked("360p")  # and now it is silent
    listener.overdue.close()


def test_source_that_comes_unevenly_is_given_longer() -> None:
    """And what was long ago counts little: a steady one is known after seconds."""
    pauses, steady_pauses = Pauses(100.0), [1 / 30] * 600

    def hear(*seconds: float) -> float:
        for one in seconds:
            pauses.see(pauses.heard_at + one)
        return pauses.silent_seconds

    assert pauses.silent_seconds == min(SILENT_PAUSES * FIRST_PAUSE_SECONDS, LONGEST_SILENCE)
    steady = hear(*steady_pauses)
    assert steady < 0.1
    assert hear(0.2) == pytest.approx(SILENT_PAUSES * 0.2)
    assert steady < hear(*steady_pauses[:30]) < SILENT_PAUSES * 0.2
    assert hear(*steady_pauses) == pytest.approx(steady)
    assert hear(5.0) == LONGEST_SILENCE


async def test_worker_that_was_held_up_itself_looks_again_for_what_came_meanwhile() -> None:
    listener, loop, read_at = Listener(), asyncio.get_running_loop(), list[float]()

    def read() -> None:
        read_at.append(loop.time())
        listener.overdue.see_source()

    def hold_up() -> None:
        time.sleep(PART_TARGET + OVERDUE_SECONDS + LONGEST_SILENCE)
        loop.call_soon(loop.call_soon, read)  # after the timers that are due

    listener.overdue.see([part("source")])
    loop.call_soon(hold_up)
    await listener.wait_until_asked("source")
    listener.overdue.close()
    assert listener.asked[0][1] - read_at[0] >= SILENT_SECONDS[0]


async def test_nothing_is_asked_for_when_the_run_is_over() -> None:
    listener, other = Listener(), Listener()
    for one in (listener, other):
        one.overdue.see([part("source")])
    listener.overdue.close()
    await other.wait_until_asked("source")
    other.overdue.close()
    assert listener.asked == []


def test_time_in_which_nobody_looked_is_no_pause() -> None:
    pauses = Pauses(100.0)
    for number in range(600):
        pauses.see(pauses.heard_at + 0.11, listening_since=pauses.heard_at + 0.1)
        assert pauses.heard_at == pytest.approx(100 + 0.11 * (number + 1))
    assert pauses.silent_seconds == SILENT_SECONDS[0]

    pauses.see(pauses.heard_at + 0.2, listening_since=pauses.heard_at + 0.1)
    assert pauses.silent_seconds == pytest.approx(SILENT_PAUSES * 0.1)
