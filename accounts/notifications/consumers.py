"""A page's socket for what its reader is told. It only listens."""

import json

from channels.db import database_sync_to_async

from accounts.notifications.hub import page_hub
from accounts.notifications.models import Notification
from common.outage import OUTAGE
from common.websockets import CLOSE_MALFORMED, CLOSE_OUTAGE, CLOSE_SIGNED_OUT, CLOSE_TOO_MANY, SocketConsumer


class NotificationsConsumer(SocketConsumer):
    """First how many are unread, then each new one as it comes."""

    user_id = 0
    session_key = ""

    async def connect(self) -> None:
        try:
            user = self.scope["user"]
            await self.accept()
            if not user.is_authenticated:
                await self.close(CLOSE_SIGNED_OUT)
                return
            self.user_id, self.session_key = user.pk, self.scope["session"].session_key or ""
            # Join first, count then: one that comes in between is shown twice rather than never.
            if not await page_hub().join(self):
                await self.close(CLOSE_TOO_MANY)
                return
            unread = await database_sync_to_async(_unread)(user.pk)
            await self.show(json.dumps({"type": "unread", "unread": unread}))
        except OUTAGE:
            await self.close(CLOSE_OUTAGE)

    async def disconnect(self, code: int) -> None:
        page_hub().leave(self)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        await self.close(CLOSE_MALFORMED)

    async def show(self, text: str) -> None:
        await self.send(text)

    async def dismiss(self) -> None:
        """The reader signed out, or is somebody else now."""
        await self.close(CLOSE_SIGNED_OUT)


def _unread(user_id: int) -> int:
    return Notification.objects.unread().filter(user_id=user_id).count_up_to()
