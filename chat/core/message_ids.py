"""Ids of messages: UUID version 7 (RFC 9562 §5.7), so that their order in the log is that of time."""

import uuid
from datetime import datetime


def message_id(*, unix_ms: int, random: int) -> uuid.UUID:
    """The id of a message sent at `unix_ms`; `random` has at least 74 bits of chance."""
    chance = random & ((1 << 74) - 1)
    value = (unix_ms & ((1 << 48) - 1)) << 80
    value |= 0x7 << 76 | (chance >> 62) << 64 | 0b10 << 62 | chance & ((1 << 62) - 1)
    return uuid.UUID(int=value)


def first_id_at(moment: datetime) -> uuid.UUID:
    """No message from `moment` on has a smaller id, none before it a greater one."""
    return uuid.UUID(int=int(moment.timestamp() * 1000) << 80)
