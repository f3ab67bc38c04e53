"""A chat client for tests: remembers everything it was sent."""

import asyncio
import json
from collections.abc import Callable
from typing import Any, Self

from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Origin

WAIT_SECONDS = 5.0
Json = dict[str, Any]


class ChatClient:
    """One connection to a room. `events` are those not yet waited for; `seen` are all."""

    def __init__(self, url: str, *, token: str | None = None, cookie: str | None = None, origin: str | None = None):
        headers = {}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        if cookie:
            headers["Cookie"] = f"sessionid={cookie}"
        self._connect = connect(
            url,
            additional_headers=headers,
            origin=None if origin is None else Origin(origin),
            compression=None,
            ping_interval=None,
            max_queue=None,
        )
        self.socket: ClientConnection
        self.seen: list[Json] = []
        self._position = 0
        self.hello: Json = {}

    async def __aenter__(self) -> Self:
        self.socket = await self._connect
        self.hello = await self.wait_for("hello")
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self.socket.close()

    async def send(self, **body: object) -> None:
        await self.socket.send(json.dumps(body))

    async def say(self, text: str, nonce: str | None = None) -> None:
        await self.send(type="say", text=text, nonce=nonce)

    async def next_event(self, seconds: float = WAIT_SECONDS) -> Json:
        if self._position == len(self.seen):
            self.seen.append(json.loads(await asyncio.wait_for(self.socket.recv(), seconds)))
        self._position += 1
        return self.seen[self._position - 1]

    async def wait_for(self, kind: str, seconds: float = WAIT_SECONDS, **fields: object) -> Json:
        """The next event of this type with these fields; others before it are passed over."""
        return await self.wait_until(lambda event: _is(event, kind, fields), seconds)

    async def heard(self, kind: str, **fields: object) -> Json:
        """Such an event, which may have come before what was waited for last: one's own message, before its `ack`."""
        for event in self.seen:
            if _is(event, kind, fields):
                return event
        return await self.wait_until(lambda event: _is(event, kind, fields))

    async def wait_until(self, matches: Callable[[Json], bool], seconds: float = WAIT_SECONDS) -> Json:
        async with asyncio.timeout(seconds):
            while True:
                event = await self.next_event(seconds)
                if matches(event):
                    return event

    async def said(self, text: str, nonce: str | None = None) -> Json:
        """Say it and return the answer, whatever it is."""
        await self.say(text, nonce)
        return await self.wait_until(lambda event: event["type"] in {"ack", "done", "refused"})

    def messages(self) -> list[tuple[int, str]]:
        return [(event["seq"], event["text"]) for event in self.seen if event["type"] == "message"]


def _is(event: Json, kind: str, fields: dict[str, object]) -> bool:
    return event["type"] == kind and all(event.get(name) == value for name, value in fields.items())
