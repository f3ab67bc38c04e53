"""What every gateway is told at once: whose connections to end, and what it remembers that is true no longer."""

import json
import logging
from dataclasses import dataclass

from redis.exceptions import RedisError

from chat import redis_keys
from chat.redis_connections import redis_client

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SignOut:
    """Close the connections of this user, in one room or (None) in all."""

    user_id: int
    room_id: int | None


@dataclass(frozen=True, slots=True)
class ForgetUser:
    """Look this user up anew before he speaks again."""

    user_id: int


@dataclass(frozen=True, slots=True)
class ForgetRooms:
    """Look every room up anew."""


Order = SignOut | ForgetUser | ForgetRooms


def sign_out_everywhere(*, user_id: int) -> None:
    """Close the user's connections; a page that may still speak connects again by itself and is asked who it is."""
    _send({"sign_out": user_id})


def sign_out_of_room(*, room_id: int, user_id: int) -> None:
    """The same in one room, where his role or his standing has changed."""
    _send({"sign_out": user_id, "room": room_id})


def forget_user(*, user_id: int) -> None:
    """He looks different from now on; his connections stay."""
    _send({"forget_user": user_id})


def forget_rooms() -> None:
    """Something that all rooms share has changed."""
    _send({"forget_rooms": True})


def _send(order: dict[str, int]) -> None:
    try:
        redis_client().publish(redis_keys.gateways_feed(), json.dumps(order))
    except RedisError as error:  # nobody can speak while Redis is away; what was asked for must work all the same
        log.warning("The gateways were not told %s: %s", order, error)


def parse_order(text: bytes) -> Order | None:
    """The order to the gateways; None for orders this version does not know."""
    match json.loads(text):
        case {"sign_out": int(user_id), "room": int(room_id)}:
            return SignOut(user_id, room_id)
        case {"sign_out": int(user_id)}:
            return SignOut(user_id, None)
        case {"forget_user": int(user_id)}:
            return ForgetUser(user_id)
        case {"forget_rooms": _}:
            return ForgetRooms()
    return None
