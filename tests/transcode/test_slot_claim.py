"""A question for an encoding slot: waited for as long as the first picture may wait, and heard when it is answered."""

import asyncio
from collections.abc import Callable
from typing import Any, cast

import pytest
from redis import asyncio as aioredis

from transcode.reports import Reports
from transcode.slot_claim import SlotClaim


class LateReports:
    """A database that answers when it is let."""

    def __init__(self) -> None:
        self.may_answer = asyncio.Event()

    async def ask(self, question: Callable[..., Any]) -> tuple[bool, int]:
        await self.may_answer.wait()
        return True, 0


async def test_an_answer_that_comes_late_counts_though_the_run_has_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("transcode.slot_claim.CLAIM_SECONDS", 0.01)
    reports = LateReports()
    slot = SlotClaim(cast("aioredis.Redis", None), "stream")
    slot.ask(cast(Reports, reports))

    await slot.answered()
    begun_with = slot.held

    reports.may_answer.set()
    await slot.answered()
    assert (begun_with, slot.held, slot.priority) == (False, True, 0)


async def test_a_question_that_nobody_answers_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("transcode.slot_claim.CLAIM_PATIENCE_SECONDS", 0.01)
    slot = SlotClaim(cast("aioredis.Redis", None), "stream")
    slot.ask(cast(Reports, LateReports()))

    await slot.answered()
    assert not slot.held
