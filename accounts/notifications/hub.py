"""All pages of one process that are told: one Redis subscription for them together, kept alive through outages."""

import asyncio
import contextlib
import json
import logging
from typing import Any, Protocol
from weakref import WeakKeyDictionary

from channels.db import database_sync_to_async

from accounts.notifications import redis_keys
from accounts.notifications.limits import HUB_RETRY_SECONDS, PAGES_MAX
from accounts.sessions import users_of_sessions
from common.outage import OUTAGE
from common.redis import new_async_redis

logger = logging.getLogger(__name__)
MISSED = json.dumps({"type": "missed"})  # something may have happened while we heard nothing


class Page(Protocol):
    """An open page's socket."""

    user_id: int
    session_key: str

    async def show(self, text: str) -> None: ...
    async def dismiss(self) -> None: ...


class PageHub:
    """Gives what is told to the pages of those it is told to. Lives as long as its event loop."""

    def __init__(self) -> None:
        self._pages: dict[int, set[Page]] = {}
        self._listener: asyncio.Task[None] | None = None
        self._listening = asyncio.Event()

    async def join(self, page: Page) -> bool:
        """False when the person has too many pages open already. What is told from now on reaches the page."""
        pages = self._pages.setdefault(page.user_id, set())
        if len(pages) >= PAGES_MAX:
            return False
        pages.add(page)
        if self._listener is None or self._listener.done():
            self._listener = asyncio.create_task(self._listen())
        with contextlib.suppress(TimeoutError):  # without Redis the page hears that it missed something, later
            await asyncio.wait_for(self._listening.wait(), HUB_RETRY_SECONDS)
        return True

    def leave(self, page: Page) -> None:
        pages = self._pages.get(page.user_id, set())
        pages.discard(page)
        if not pages:
            self._pages.pop(page.user_id, None)

    async def deliver(self, told: dict[str, Any]) -> None:
        """Show it on the pages of these people, if they are still signed in there: two queries for all of them."""
        pages = [page for user_id in told["users"] for page in self._pages.get(user_id, ())]
        if not pages:
            return
        current = await database_sync_to_async(users_of_sessions)({page.session_key for page in pages})
        text = json.dumps(told["message"])
        for page in pages:
            user = current.get(page.session_key)
            if user is not None and user.pk == page.user_id:
                await _try(page.show(text))
            else:
                await _try(page.dismiss())

    async def _listen(self) -> None:
        missed = False
        while self._pages:
            try:
                await self._hear(missed)
            except OUTAGE as error:
                logger.warning("Notifications for open pages interrupted: %s", type(error).__name__)
            self._listening.clear()
            missed = True
            await asyncio.sleep(HUB_RETRY_SECONDS)

    async def _hear(self, missed: bool) -> None:
        client = new_async_redis()
        try:
            async with client.pubsub(ignore_subscribe_messages=True) as feed:
                await feed.subscribe(redis_keys.TOLD)
                await feed.get_message(timeout=HUB_RETRY_SECONDS)  # Redis has confirmed
                self._listening.set()
                if missed:
                    await self._show_all(MISSED)
                while self._pages:
                    message = await feed.get_message(timeout=HUB_RETRY_SECONDS)
                    if message is not None:
                        await self.deliver(json.loads(message["data"]))
        finally:
            await client.aclose()

    async def _show_all(self, text: str) -> None:
        for page in [page for pages in self._pages.values() for page in pages]:
            await _try(page.show(text))


_hubs: "WeakKeyDictionary[asyncio.AbstractEventLoop, PageHub]" = WeakKeyDictionary()


def page_hub() -> PageHub:
    """The running event loop's."""
    return _hubs.setdefault(asyncio.get_running_loop(), PageHub())


async def _try(work: Any) -> None:
    """One page that is going away must not keep the others from hearing."""
    try:
        await work
    except Exception as error:
        logger.info("A page could not be told: %s", type(error).__name__)
