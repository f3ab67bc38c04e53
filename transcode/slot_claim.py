"""One broadcast's side of the slots: asks for one when a worker takes the broadcast, and keeps an eye on it after."""

import asyncio
import logging

from django.conf import settings
from redis import Redis
from redis import asyncio as aioredis

from transcode import redis_keys, slot_ledger
from transcode.limits import CLAIM_PATIENCE_SECONDS, CLAIM_SECONDS, NO_SLOT_MS
from transcode.live_store import REDIS_DOWN, as_bytes
from transcode.models import LiveJob
from transcode.reports import Reports
from transcode.rung_policy import LOWEST_PRIORITY

log = logging.getLogger(__name__)


class SlotClaim:
    """`held`: whether this broadcast may encode its rungs, as far as is known."""

    def __init__(self, durable: "aioredis.Redis", stream_id: str) -> None:
        self.held = False
        self.priority = LOWEST_PRIORITY
        self._redis, self._stream_id = durable, stream_id
        self._asking: asyncio.Task[None] | None = None

    def ask(self, reports: Reports) -> None:
        """Settle who has a slot now, so that a broadcast that gets one begins with all its renditions. Without the
        database or Redis it begins without: `look` hears of a slot later."""
        self._asking = asyncio.create_task(self._ask(reports))

    async def answered(self) -> None:
        """Until `ask` was answered, or for as long as the first picture may wait."""
        if self._asking is not None:
            await asyncio.wait({self._asking}, timeout=CLAIM_SECONDS)

    async def _ask(self, reports: Reports) -> None:
        try:
            async with asyncio.timeout(CLAIM_PATIENCE_SECONDS):
                self.held, self.priority = await reports.ask(_claim)
        except (TimeoutError, *REDIS_DOWN):
            log.warning("%s: nobody could be asked for an encoding slot", self._stream_id)

    async def look(self, *, is_of_use: bool) -> None:
        """See whether the slot was given, or taken; one that `is_of_use` to nobody here is offered to others."""
        if not is_of_use:
            await self._redis.set(redis_keys.no_slot_key(self._stream_id), 1, px=NO_SLOT_MS)
        machine = as_bytes(await self._redis.hget(redis_keys.SLOTS, self._stream_id))
        self.held = machine == settings.LIVE_MACHINE.encode()


def _claim(*, stream_id: str) -> tuple[bool, int]:
    """Whether there is a slot for it, and its priority."""
    redis = Redis.from_url(settings.REDIS_URL, socket_connect_timeout=2, socket_timeout=5)
    try:
        slot_ledger.settle(redis)
        held = slot_ledger.has_slot(redis, stream_id=stream_id, machine=settings.LIVE_MACHINE)
    finally:
        redis.close()
    priority = LiveJob.objects.filter(stream_id=stream_id).values_list("priority", flat=True).first()
    return held, LOWEST_PRIORITY if priority is None else priority
