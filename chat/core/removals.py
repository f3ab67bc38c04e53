"""What is left of a stretch of events after the removals in it: nobody who comes later is sent what was removed."""

import json
import re
from collections.abc import Sequence

from chat.core.replies import without_quote

Entry = tuple[int, bytes]  # seq, encoded event

REMOVALS = (b'{"type":"message_removed"', b'{"type":"user_removed"', b'{"type":"room_cleared"')
MESSAGE = b'{"type":"message",'
_SENDER = re.compile(rb'"user":\{"id":(\d+),')


def is_removal(event: bytes) -> bool:
    return event.startswith(REMOVALS)


def is_message(event: bytes) -> bool:
    return event.startswith(MESSAGE)


def without_removed(entries: Sequence[Entry]) -> list[Entry]:
    """The entries, each message that a later one removes replaced by a mark that keeps its place in the order."""
    left = list(entries)
    for at, (_, event) in enumerate(entries):
        if is_removal(event):
            left[:at] = apply(event, left[:at])
    return left


def apply(removal: bytes, earlier: Sequence[Entry]) -> list[Entry]:
    """What is left of the entries before `removal`."""
    body = json.loads(removal)
    match body["type"]:
        case "message_removed":
            left = [_removed(entry) if entry[0] == body["message_seq"] else entry for entry in earlier]
            return [(seq, without_quote(event, id=body["id"])) for seq, event in left]
        case "user_removed":
            left = [_removed(entry) if _sender(entry[1]) == body["user_id"] else entry for entry in earlier]
            return [(seq, without_quote(event, user_id=body["user_id"])) for seq, event in left]
    return [_removed(entry) for entry in earlier]


def _removed(entry: Entry) -> Entry:
    """Only what was said is removed, not what was done."""
    seq, event = entry
    return (seq, b'{"type":"removed","seq":%d}' % seq) if is_message(event) else entry


def _sender(event: bytes) -> int | None:
    """Found without parsing: our encoder puts the user before the text, so what someone wrote cannot pass for it."""
    if not is_message(event):
        return None
    found = _SENDER.search(event)
    return int(found[1]) if found else None
