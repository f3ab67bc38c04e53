"""Replies: what one carries of the message it answers, and what is left of that when the message is removed."""

import json
from collections.abc import Iterable
from typing import Any

from chat.core.events import Message, Quote
from chat.core.text import shorten
from chat.limits import QUOTE_MAX_CHARACTERS

_REPLY = b'"reply":{'


def quote(parent: Message) -> Quote:
    """What a reply to `parent` carries. A reply to a reply belongs to the same thread."""
    thread = parent.reply
    return Quote(
        id=parent.id,
        user_id=parent.user.id,
        login=parent.user.login,
        display_name=parent.user.display_name,
        text=shorten(parent.text, QUOTE_MAX_CHARACTERS),
        thread_id=thread.thread_id if thread else parent.id,
        thread_login=thread.thread_login if thread else parent.user.login,
    )


def find_message(payloads: Iterable[bytes], message_id: str) -> Message | None:
    """The message with this id among encoded events. Only those that name the id at all are parsed."""
    mark = f'"id":"{message_id}"'.encode()
    for payload in payloads:
        message = Message.from_json(payload) if mark in payload else None
        if message is not None and message.id == message_id:
            return message
    return None


def without_quote(event: bytes, **removed: Any) -> bytes:
    """The event, its quote emptied if the quote's field is as in `removed`: `id="…"` or `user_id=3`."""
    if _REPLY not in event:  # what someone wrote cannot look like it: its quotation marks are escaped
        return event
    body = json.loads(event)
    if all(body["reply"].get(name) != value for name, value in removed.items()):
        return event
    body["reply"]["text"] = ""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
