"""Pages that come in pieces, as they do over a slow line: `X-Look-Slowly` asks for it."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

HEADER = "X-Look-Slowly"
PIECES = 8
BETWEEN_SECONDS = 0.1  # a browser paints what it has several times in that

App = Callable[[Any, Any, Callable[[Any], Awaitable[None]]], Awaitable[None]]


def slowly(app: App) -> App:
    async def answer(scope: Any, receive: Any, send: Any) -> None:
        asked = scope["type"] == "http" and any(name == HEADER.lower().encode() for name, _ in scope["headers"])
        await app(scope, receive, _in_pieces(send) if asked else send)

    return answer


def _in_pieces(send: Callable[[Any], Awaitable[None]]) -> Callable[[Any], Awaitable[None]]:
    async def send_slowly(message: Any) -> None:
        body: bytes = message.get("body", b"")
        begin, start = 0, body.find(b"<body")  # all above it comes first, as one piece
        for number in range(1, PIECES if start >= 0 else 0):
            end = body.find(b"\n", start + (len(body) - start) * number // PIECES)
            if end <= begin:
                continue
            await send({"type": "http.response.body", "body": body[begin:end], "more_body": True})
            await asyncio.sleep(BETWEEN_SECONDS)
            begin = end
        await send({**message, "body": body[begin:]} if begin else message)

    return send_slowly
