"""What nginx-rtmp's hook bodies say, read without trusting the encoder that can append to them. Pure."""

import re
from dataclasses import dataclass
from urllib.parse import parse_qsl

from streaming.limits import HOOK_FIELD_LIMIT, MAX_CLIENT_ID_LENGTH

_CLIENT_ID = re.compile(r"[0-9]+")


class MalformedHook(ValueError):
    """The body is not one of nginx-rtmp's."""


@dataclass(frozen=True)
class Hook:
    """The fields we use. `name` is a stream key or a public id: never log it."""

    name: str
    client_id: str
    address: str
    call: str
    page_url: str  # what a player called itself
    has_duplicates: bool


def parse_hook(body: bytes) -> Hook:
    """Read a form body. nginx appends the encoder's own query after the real fields: the first value is the real one.

    `has_duplicates` tells that something was appended which pretends to be another field.
    """
    try:
        pairs = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=HOOK_FIELD_LIMIT)
    except ValueError:
        raise MalformedHook("too many fields") from None
    first: dict[str, str] = {}
    for name, value in pairs:
        first.setdefault(name, value)
    client_id = first.get("clientid", "")
    if len(client_id) > MAX_CLIENT_ID_LENGTH or not _CLIENT_ID.fullmatch(client_id, endpos=MAX_CLIENT_ID_LENGTH):
        raise MalformedHook("no client id")
    return Hook(
        name=first.get("name", ""),
        client_id=client_id,
        address=first.get("addr", ""),
        call=first.get("call", ""),
        page_url=first.get("pageurl", ""),
        has_duplicates=len(first) != len(pairs),
    )
