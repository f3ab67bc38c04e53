"""A message above the others: what a moderator wants everyone to read, also who comes later."""

import json
from collections.abc import Callable
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from chat import redis_keys
from chat.acts import check_moderator, find_message, note_act, perform
from chat.core.board import Board, Json
from chat.core.events import Pin, PinChanged
from chat.limits import PIN_MAX_SECONDS
from chat.redis_connections import redis_client
from common.errors import InvalidInput
from streaming.models import Channel


@transaction.atomic
def pin_message(*, room: Channel, actor: User, message_id: str, seconds: int) -> Pin:
    """Show a message above the others for `seconds`, in place of what was there."""
    check_moderator(room, actor)
    if not 1 <= seconds <= PIN_MAX_SECONDS:
        raise InvalidInput(f"A message is pinned for 1 second to {PIN_MAX_SECONDS // 3600} hours.")
    message = find_message(room, message_id)
    until = timezone.now() + timedelta(seconds=seconds)
    pin = Pin(message=message.fields(), by=actor.login, until=until.isoformat(timespec="milliseconds"))
    note_act(room, actor, "pin", None, details={"message": message_id, "seconds": seconds})
    perform(room, PinChanged(pin), board=("pin", json.dumps(asdict(pin), ensure_ascii=False)))
    return pin


@transaction.atomic
def unpin_message(*, room: Channel, actor: User) -> None:
    """Take down what is pinned; nothing happens where nothing is."""
    check_moderator(room, actor)
    if read_pin(room=room) is not None:
        note_act(room, actor, "unpin", None)
        perform(room, PinChanged(None), board=("pin", ""))


def take_down(room: Channel, concerns: Callable[[Json], bool]) -> None:
    """A moderator removed something: what of it is pinned goes as well."""
    pin = read_pin(room=room)
    if pin is not None and concerns(pin["message"]):
        perform(room, PinChanged(None), board=("pin", ""))


def read_pin(*, room: Channel) -> Json | None:
    """What is pinned now."""
    stored: Any = redis_client().hget(redis_keys.room_board(room.pk), "pin")
    board = Board()
    board.load({b"pin": stored.encode()} if stored else {})
    return board.pin(timezone.now().timestamp())
