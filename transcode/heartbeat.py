"""Keeps a lease while its broadcast is worked on, and ends the work when it is lost."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager

from transcode import limits
from transcode.lease import Lease
from transcode.live_store import REDIS_DOWN
from transcode.task_ending import end_tasks

log = logging.getLogger(__name__)


@asynccontextmanager
async def heartbeat(lease: Lease) -> AsyncIterator["asyncio.Task[None]"]:
    """Renews the lease meanwhile; the task it yields ends with LeaseLost. An unreachable Redis is no loss by itself:
    nobody else can take the lease either, and the picture goes on."""

    async def beat() -> None:
        while True:
            await asyncio.sleep(limits.HEARTBEAT_SECONDS)
            try:
                await lease.renew()
            except REDIS_DOWN:
                log.warning("the lease could not be renewed: Redis does not answer")

    task = asyncio.create_task(beat())
    try:
        yield task
    finally:
        await end_tasks([task])


async def run_until_lost(work: Awaitable[None], lost: "asyncio.Task[None]") -> None:
    """Run `work`, but cancel it as soon as `lost` ends."""
    task = asyncio.ensure_future(work)
    await asyncio.wait({task, lost}, return_when=asyncio.FIRST_COMPLETED)
    if not task.done():
        await end_tasks([task])
        lost.result()
    await task
