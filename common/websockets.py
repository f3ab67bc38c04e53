"""What a WebSocket on an unknown path gets."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any


async def refuse_socket(
    scope: MutableMapping[str, Any],
    receive: Callable[[], Awaitable[MutableMapping[str, Any]]],
    send: Callable[[MutableMapping[str, Any]], Awaitable[None]],
) -> None:
    """Close before accepting: the handshake is answered 403."""
    await send({"type": "websocket.close"})
