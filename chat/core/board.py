"""What stands above a room's messages: a pinned message and a poll. Kept in step by the room's own events."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

Json = dict[str, Any]
CHANGES = (b'{"type":"pin_changed"', b'{"type":"poll_changed"', b'{"type":"poll_progress"')


class Board:
    """As one process knows it. What is over by the clock is not shown, though nobody took it down yet."""

    def __init__(self) -> None:
        self._pin: Json | None = None
        self._poll: Json | None = None

    def load(self, stored: Mapping[bytes, bytes]) -> None:
        """As Redis has it."""
        self._pin = json.loads(stored.get(b"pin", b"null"))
        self._poll = json.loads(stored.get(b"poll", b"null"))
        if self._poll and b"votes" in stored:
            self._poll["votes"] = json.loads(stored[b"votes"])

    def take(self, event: bytes) -> None:
        """Something happened in the room; most of it is not about the board."""
        if not event.startswith(CHANGES):
            return
        body = json.loads(event)
        match body["type"]:
            case "pin_changed":
                self._pin = body["pin"]
            case "poll_changed":
                self._poll = body["poll"]
            case "poll_progress" if self._poll and self._poll["id"] == body["id"]:
                self._poll["votes"] = body["votes"]

    def pin(self, now: float) -> Json | None:
        """What is pinned at `now` (Unix seconds)."""
        if self._pin is None or self._pin["until"] is None:
            return self._pin
        return self._pin if datetime.fromisoformat(self._pin["until"]).timestamp() > now else None

    def poll(self) -> Json | None:
        """The poll that is not over."""
        return None if self._poll is None or self._poll["ended"] else self._poll
