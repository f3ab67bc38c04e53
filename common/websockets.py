"""What our WebSockets have in common."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from channels.auth import AuthMiddleware
from channels.generic.websocket import AsyncWebsocketConsumer
from channels.sessions import CookieMiddleware, SessionMiddleware
from django.contrib.auth.models import AnonymousUser

# Close codes from the range for applications; the last three digits are HTTP's.
CLOSE_MALFORMED = 4400
CLOSE_SIGNED_OUT = 4401
CLOSE_TOO_MANY = 4429
CLOSE_OUTAGE = 4503


class SocketConsumer(AsyncWebsocketConsumer):  # type: ignore[misc]  # channels is untyped
    """One socket. It touches the database by `database_sync_to_async` only, which looks after its connections."""

    async def dispatch(self, message: dict[str, Any]) -> None:
        """Without Channels' trip to a thread for every message: a third of all work when a thousand pages come."""
        await getattr(self, message["type"].replace(".", "_"))(message)


class PageUserMiddleware(AuthMiddleware):  # type: ignore[misc]  # channels is untyped
    """Who has the page open, as Channels' own says it, without a trip to a thread for who brings no session."""

    async def resolve_scope(self, scope: MutableMapping[str, Any]) -> None:
        if scope["session"].session_key:
            await super().resolve_scope(scope)
        else:
            scope["user"]._wrapped = AnonymousUser()


def with_page_user(inner: Any) -> Any:
    """An ASGI application whose scope has the `session` and the `user` of the page."""
    return CookieMiddleware(SessionMiddleware(PageUserMiddleware(inner)))


async def refuse_socket(
    scope: MutableMapping[str, Any],
    receive: Callable[[], Awaitable[MutableMapping[str, Any]]],
    send: Callable[[MutableMapping[str, Any]], Awaitable[None]],
) -> None:
    """Close before accepting: the handshake is answered 403."""
    await send({"type": "websocket.close"})
