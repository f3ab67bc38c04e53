"""Ends asyncio tasks for good."""

import asyncio
from collections.abc import Iterable
from typing import Any

ASK_AGAIN_SECONDS = 0.5


async def end_tasks(tasks: Iterable["asyncio.Task[Any]"]) -> None:
    """Cancel tasks and wait until they have ended; what they raised is dropped.

    One cancellation may get lost: a Redis client whose own time limit ends at the same moment (a worker that was
    stopped and goes on finds all of them ended) raises its TimeoutError instead, and the task would go on for ever.
    """
    ending = pending = set(tasks)
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=ASK_AGAIN_SECONDS)
    for task in ending:
        if not task.cancelled():
            task.exception()
